import numpy as np

def lstm_cell_backward(da_next, dc_next, cache):
    (a_next,c_next,a_prev,c_prev,ft,it,cct,ot,xt,parameters)=cache

    n_x=xt.shape[0]
    n_a=a_next.shape[0]

    # back through a_next
    tanh_c=np.tanh(c_next)
    d_o=da_next*tanh_c*ot*(1-ot)
    d_cell=dc_next+da_next*ot*(1-tanh_c**2)

    # back through c_next
    d_f=d_cell*c_next*ft*(1-ft)
    d_i=d_cell*cct*it*(1-it)
    d_c=d_cell*it*(1-cct**2)
    dc_prev=d_cell*ft

    # weights and biases
    a_and_x=np.concatenate([a_prev,xt],axis=0)
    [dWf,dWi,dWc,dWo]=[np.dot(d,a_and_x.T) for d in [d_f,d_i,d_c,d_o]]
    [dbf,dbi,dbc,dbo]=[np.sum(d,axis=1,keepdims=True) for d in [d_f,d_i,d_c,d_o]]

    # back to a_prev and xt
    d_a_and_x=np.dot(parameters["Wf"].T,d_f)
    d_a_and_x+=np.dot(parameters["Wi"].T,d_i)
    d_a_and_x+=np.dot(Wo.T,d_o)
    da_prev=d_a_and_x[:n_a,:]
    dxt=d_a_and_x[n_a:,:]

    return {"dxt":dxt,"da_prev":da_prev,"dc_prev":dc_prev,
            "dWf":dWf,"dbf":dbf,"dWi":dWi,"dbi":dbi,
            "dWc":dWc,"dbc":dbc,"dWo":dWo,"dbo":dbo}


np.random.seed(2)
n_a,n_x,m=6,2,4
Wf=np.random.randn(n_a,n_a+n_x)
Wi=np.random.randn(n_a,n_a+n_x)
Wc=np.random.randn(n_a,n_a+n_x)
Wo=np.random.randn(n_a,n_a+n_x)
s=lambda: np.random.rand(n_a,m)
cache=(s(),s(),s(),s(),s(),s(),s(),s(),np.random.randn(n_x,m),{"Wf":Wf,"Wi":Wi,"Wc":Wc,"Wo":Wo})
gradients=lstm_cell_backward(s(),s(),cache)
print(gradients["dxt"].shape,gradients["dWf"].shape)
