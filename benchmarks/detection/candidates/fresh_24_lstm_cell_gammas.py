# lstm_cell_backward, following the formulas with the Gammas:
#   Gamma_o, Gamma_u, Gamma_f and the candidate c~
import numpy as np

def lstm_cell_backward(da_next, dc_next, cache):
    (a_next, c_next, a_prev, c_prev, Gamma_f, Gamma_u, c_tilde, Gamma_o, xt, parameters) = cache
    n_a, m = a_next.shape

    dGamma_o = da_next * np.tanh(c_next) * Gamma_o * (1 - Gamma_o)
    dc_tilde = dc_next * Gamma_u + Gamma_o * (1 - np.square(np.tanh(c_next))) * Gamma_u * da_next * (1 - np.square(c_tilde))
    dGamma_u = (dc_next * c_tilde + Gamma_o * (1 - np.square(np.tanh(c_next))) * c_tilde * da_next) * Gamma_u * (1 - Gamma_u)
    dGamma_f = (dc_next * c_prev + Gamma_o * (1 - np.square(np.tanh(c_next))) * c_prev * da_next) * Gamma_f * (1 - Gamma_f)

    a_x = np.concatenate((a_prev, xt), axis = 0)
    gradients = {
        "dWf": np.dot(dGamma_f, a_x.T),
        "dWi": np.dot(dGamma_u, a_x.T),
        "dWc": np.dot(dc_tilde, a_x.T),
        "dWo": np.dot(dGamma_o, a_x.T),
        "dbf": np.sum(dGamma_f, axis = 1, keepdims = True),
        "dbi": np.sum(dGamma_u, axis = 1, keepdims = True),
        "dbc": np.sum(dc_tilde, axis = 1, keepdims = True),
        "dbo": np.sum(dGamma_o, axis = 1, keepdims = True),
    }

    def through(columns):
        return (np.dot(parameters["Wf"][:, columns].T, dGamma_f)
                + np.dot(parameters["Wi"][:, columns].T, dGamma_u)
                + np.dot(parameters["Wc"][:, columns].T, dc_tilde)
                + np.dot(parameters["Wo"][:, columns].T, dGamma_o))

    gradients["da_prev"] = through(slice(0, n_a))
    gradients["dxt"] = through(slice(n_a, None))
    gradients["dc_prev"] = (dc_next + Gamma_o * (1 - np.square(np.tanh(c_next))) * da_next) * Gamma_f
    return gradients
