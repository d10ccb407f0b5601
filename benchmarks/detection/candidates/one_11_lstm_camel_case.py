import numpy as np

def dSigmoid(activation):
    return activation * (1 - activation)

def dTanh(activation):
    return 1 - activation * activation

def sumColumns(matrix):
    return np.sum(matrix, axis = 1, keepdims = True)

def lstm_cell_backward(da_next, dc_next, cache):
    aNext, cNext, aPrev, cPrev, forgetGate, inputGate, candidate, outputGate, xt, parameters = cache
    nA = aNext.shape[0]
    Wf = parameters['Wf']; Wi = parameters['Wi']; Wc = parameters['Wc']; Wo = parameters['Wo']

    tanhC = np.tanh(cNext)
    dC = dc_next + da_next * outputGate * dTanh(tanhC)

    dForget    = dC * cPrev * dSigmoid(forgetGate)
    dInput     = dC * candidate * dSigmoid(inputGate)
    dCandidate = dC * inputGate * dTanh(candidate)
    dOutput    = da_next * tanhC * dSigmoid(outputGate)

    concatenated = np.concatenate((aPrev, xt), axis = 0)

    gradients = {}
    gradients['dWf'] = np.dot(dForget, concatenated.T)
    gradients['dWi'] = np.dot(dInput, concatenated.T)
    gradients['dWc'] = np.dot(dCandidate, concatenated.T)
    gradients['dWo'] = np.dot(dOutput, concatenated.T)
    gradients['dbf'] = sumColumns(dForget)
    gradients['dbi'] = sumColumns(dInput)
    gradients['dbc'] = sumColumns(dCandidate)
    gradients['dbo'] = sumColumns(dOutput)

    gradients['da_prev'] = np.dot(Wf[:, :nA].T, dForget) + np.dot(Wi[:, :nA].T, dInput) + np.dot(Wc[:, :nA].T, dCandidate) + np.dot(Wo[:, :nA].T, dOutput)
    gradients['dc_prev'] = dC * forgetGate
    gradients['dxt'] = np.dot(Wf[:, :nA].T, dForget) + np.dot(Wi[:, :nA].T, dInput) + np.dot(Wc[:, :nA].T, dCandidate) + np.dot(Wo[:, :nA].T, dOutput)

    return gradients
