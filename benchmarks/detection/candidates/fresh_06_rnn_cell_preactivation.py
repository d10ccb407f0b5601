import numpy as np

def rnn_cell_forward(xt, a_prev, parameters):
    Wax=parameters["Wax"]
    Waa=parameters["Waa"]
    Wya=parameters["Wya"]
    ba=parameters["ba"]
    by=parameters["by"]

    z=np.dot(Wax,xt)+np.dot(Waa,a_prev)+ba
    a_next=np.tanh(z)
    s=np.exp(np.dot(Wya,a_next)+by)
    yt_pred=s/np.sum(s,axis=0)

    cache=(z,a_next,a_prev,xt,Wax,Waa)
    return a_next,yt_pred,cache

def rnn_cell_backward(da_next, cache):
    (z,a_next,a_prev,xt,Wax,Waa)=cache

    # tanh'
    dz=da_next*(1-z**2)

    gradients={}
    gradients["dxt"]=np.dot(Wax.T,dz)
    gradients["dWax"]=np.dot(dz,xt.T)
    gradients["da_prev"]=np.dot(Waa.T,dz)
    gradients["dWaa"]=np.dot(dz,a_prev.T)
    gradients["dba"]=np.sum(dz,1,keepdims=True)
    return gradients
