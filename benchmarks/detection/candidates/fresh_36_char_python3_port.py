import numpy as np

# small vocabulary for testing
vocab_size = 9
hidden_size = 4

np.random.seed(0)
Wxh = np.random.randn(hidden_size, vocab_size)*0.01 # input to hidden
Whh = np.random.randn(hidden_size, hidden_size)*0.01 # hidden to hidden
Why = np.random.randn(vocab_size, hidden_size)*0.01 # hidden to output
bh = np.zeros((hidden_size, 1))
by = np.zeros((vocab_size, 1))

def forward(inputs, hprev):
  x, h, p = {}, {-1: hprev}, {}
  for t, ix in enumerate(inputs):
    x[t] = np.zeros((vocab_size, 1))
    x[t][ix] = 1
    h[t] = np.tanh(np.dot(Wxh, x[t]) + np.dot(Whh, h[t-1]) + bh)
    y = np.dot(Why, h[t]) + by
    p[t] = np.exp(y - np.max(y))
    p[t] /= np.sum(p[t])
  return x, h, p

def lossFun(inputs, targets, hprev):
  n = len(inputs)
  x, h, p = forward(inputs, hprev)
  loss = sum(-np.log(p[t][targets[t], 0]) for t in range(n))

  d = {'Wxh': 0*Wxh, 'Whh': 0*Whh, 'Why': 0*Why, 'bh': 0*bh, 'by': 0*by}
  dhnext = np.zeros((hidden_size, 1))
  for t in reversed(range(n)):
    dy = p[t].copy()
    dy[targets[t]] -= 1
    d['Why'] += np.dot(dy, h[t].T)
    d['by'] = dy
    dh = np.dot(Why.T, dy) + dhnext
    dhraw = dh*(1 - h[t]**2)
    d['Wxh'] += np.dot(dh, x[t].T)
    d['Whh'] += np.dot(dhraw, h[t-1].T)
    d['bh'] += dhraw
  return loss, d['Wxh'], d['Whh'], d['Why'], d['bh'], d['by'], h[n-1]
