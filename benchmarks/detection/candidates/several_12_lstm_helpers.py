import numpy as np

def dsigmoid( s ):
    # s is the output of the sigmoid
    return s*( 1-s )

def dtanh( y ):
    # y is the output of tanh
    return 1-y*y

def lstm_cell_backward( da_next, dc_next, cache ):
    ( a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters ) = cache
    n_a, m = a_next.shape
    Wf = parameters['Wf']; Wi = parameters['Wi']
    Wc = parameters['Wc']; Wo = parameters['Wo']

    tanhc = np.tanh( c_next )
    dc    = dc_next + da_next*ot*dtanh( c_next )

    dot   = da_next*tanhc*dsigmoid( ot )
    dft   = dc*c_prev*dsigmoid( ft )
    dit   = dc*it*dsigmoid( it )
    dcct  = dc*it*dtanh( cct )

    X     = np.vstack(( a_prev, xt )).T
    dX    = np.dot( Wf.T, dft ) + np.dot( Wi.T, dit ) + np.dot( Wc.T, dcct ) + np.dot( Wo.T, dot )

    return { "dxt": dX[ n_a:, : ], "da_prev": dX[ :n_a, : ], "dc_prev": dc*ft,
             "dWf": np.dot( dft, X ),  "dbf": np.sum( dft, axis = 1, keepdims = True ),
             "dWi": np.dot( dit, X ),  "dbi": np.sum( dit, axis = 1, keepdims = True ),
             "dWc": np.dot( dcct, X ), "dbc": np.sum( dcct, axis = 1, keepdims = True ),
             "dWo": np.dot( dot, X ),  "dbo": np.sum( dot, axis = 1, keepdims = True ) }

def lstm_backward( da, caches ):
    ( cells, x ) = caches
    n_a, m, T_x = da.shape
    n_x = x.shape[ 0 ]

    dx  = np.zeros(( n_x, m, T_x ))
    dap = np.zeros(( n_a, m ))
    dcp = np.zeros(( n_a, m ))
    dWf = np.zeros(( n_a, n_a+n_x )); dbf = np.zeros(( n_a, 1 ))
    dWi = np.zeros(( n_a, n_a+n_x )); dbi = np.zeros(( n_a, 1 ))
    dWc = np.zeros(( n_a, n_a+n_x )); dbc = np.zeros(( n_a, 1 ))
    dWo = np.zeros(( n_a, n_a+n_x )); dbo = np.zeros(( n_a, 1 ))

    for t in reversed( range( T_x ) ):
        g = lstm_cell_backward( da[ :, :, t ]+dap, dcp, cells[ t ] )
        dap = g['da_prev']
        dcp = g['dc_prev']
        dx[ :, :, t ] = g['dxt']
        dWf += g['dWf']
        dbf += g['dbf']
        dWi += g['dWi']
        dbi += g['dbi']
        dWc += g['dWc']
        dbc += g['dbc']
        dWo += dWo
        dbo += g['dbo']

    return { "dx": dx, "da0": dap, "dWf": dWf, "dbf": dbf, "dWi": dWi, "dbi": dbi,
             "dWc": dWc, "dbc": dbc, "dWo": dWo, "dbo": dbo }
