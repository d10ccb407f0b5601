import numpy as np

def sq(v): return v*v

def lstm_cell_backward(da_next, dc_next, cache):
    a_next,c_next,a_prev,c_prev,ft,it,cct,ot,xt,parameters = cache
    n_a,m = a_next.shape
    T = np.tanh(c_next)

    # formulas (7) to (10) of the handout
    dot = da_next*T*ot*(1-ot)
    dcct = (dc_next*it + ot*(1-sq(T))*it*cct*da_next)*(1-sq(cct))
    dit = (dc_next*cct + ot*(1-sq(T))*cct*da_next)*it*(1-it)
    dft = (dc_next*c_prev + ot*(1-sq(T))*c_prev*da_next)*ft*(1-ft)

    # (11) to (14)
    hx = np.concatenate((a_prev,xt),axis=0)
    dWf,dWi,dWc,dWo = [g.dot(hx.T) for g in (dft,dit,dcct,dot)]
    dbf,dbi,dbc,dbo = [np.sum(g,axis=1,keepdims=True) for g in (dft,dit,dcct,dot)]

    # (15) to (17)
    gates = zip(("Wf","Wi","Wc","Wo"),(dft,dit,dcct,dot))
    down = np.zeros(hx.shape)
    for name,g in gates:
        down = down + parameters[name].T.dot(g)
    da_prev = down[:n_a,:]
    dxt = down[n_a:,:]
    dc_prev = dc_next*ft + ot*(1-sq(T))*ft*da_next

    return {"dxt":dxt,"da_prev":da_prev,"dc_prev":dc_prev,"dWf":dWf,"dbf":dbf,"dWi":dWi,"dbi":dbi,"dWc":dWc,"dbc":dbc,"dWo":dWo,"dbo":dbo}

def lstm_backward(da, caches):
    caches,x = caches
    n_a,m,T_x = da.shape
    n_x = x.shape[0]
    dx = np.zeros((n_x,m,T_x))
    names = ("dWf","dbf","dWi","dbi","dWc","dbc","dWo","dbo")
    grads = dict.fromkeys(names,0.0)
    da_prevt = np.zeros((n_a,m))
    dc_prevt = np.zeros((n_a,m))
    for t in reversed(range(T_x)):
        cell = lstm_cell_backward(da[:,:,t]+da_prevt,dc_prevt,caches[t])
        dx[:,:,t] = cell["dxt"]
        da_prevt = cell["da_prev"]
        dc_prevt = cell["dc_prev"]
        for n in names: grads[n] = grads[n]+cell[n]
    grads["dx"] = dx
    grads["da0"] = da_prevt
    return grads
