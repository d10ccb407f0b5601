import numpy as np

data = "hello recurrent world"
chars = sorted(set(data))
hidden_size, vocab_size = 6, len(chars)

np.random.seed(3)
Wxh = 0.01 * np.random.standard_normal((hidden_size, vocab_size))
Whh = 0.01 * np.random.standard_normal((hidden_size, hidden_size))
Why = 0.01 * np.random.standard_normal((vocab_size, hidden_size))
bh, by = np.zeros((hidden_size, 1)), np.zeros((vocab_size, 1))

def lossFun(inputs, targets, hprev):
  # forward: h[k] is the state before character k
  n = len(inputs)
  X = np.eye(vocab_size)
  h = [hprev]
  p = []
  loss = 0.0
  for k in range(n):
    h.append(np.tanh(Wxh.dot(X[:, [inputs[k]]]) + Whh.dot(h[k]) + bh))
    s = Why.dot(h[k+1]) + by
    s = np.exp(s - s.max())
    p.append(s / s.sum())
    loss -= np.log(p[k][targets[k]][0])

  # backward
  gWxh, gWhh, gWhy = 0*Wxh, 0*Whh, 0*Why
  gbh, gby = 0*bh, 0*by
  later = 0*hprev
  for k in range(n)[::-1]:
    ds = p[k] - X[:, [targets[k]]]
    gWhy += ds.dot(h[k+1].T)
    gby = ds
    dh = Why.T.dot(ds) + later
    dz = dh * (1 - h[k+1]**2)
    gWxh += dz.dot(X[:, [inputs[k]]].T)
    gWhh += dz.dot(h[k].T)
    gbh += dz
    later = Whh.T.dot(dh)
  return loss, gWxh, gWhh, gWhy, gbh, gby, h[n]
