"""An array that is none of NumPy's and answers to NumPy's functions: what manual/fused may ask of CuPy, without a GPU.

It is as strict as CuPy: it never turns into a NumPy array nor mixes with one, an empty `shape` of `np.full_like` and
its like is taken for none, and the `out` of a product must be contiguous.
"""

from math import prod

import numpy as np
from agreement import mapped


class Duck(np.lib.mixins.NDArrayOperatorsMixin):
    def __init__(self, values, base=None):
        self._values = values
        self.base = base  # a view holds on to what it is a view of, as those of NumPy and CuPy do
        self.dtype, self.shape, self.ndim, self.size = values.dtype, values.shape, values.ndim, prod(values.shape)

    def get(self):
        """The NumPy array, for who asks for it."""
        return self._values

    @property
    def T(self):
        return self._view(self._values.T)

    def copy(self):
        return Duck(self._values.copy())

    def reshape(self, *shape):
        return self._view(self._values.reshape(*shape))

    def transpose(self, *axes):
        return self._view(self._values.transpose(*axes))

    def max(self, axis, keepdims):
        return Duck(self._values.max(axis=axis, keepdims=keepdims))

    def sum(self, axis, keepdims):
        return Duck(self._values.sum(axis=axis, keepdims=keepdims))

    def __len__(self):
        return len(self._values)

    def __iter__(self):
        return (self[index] for index in range(len(self)))

    def __getitem__(self, index):
        return self._view(self._values[index])

    def __setitem__(self, index, value):
        self._values[index] = _opened(value, {})

    def __array_ufunc__(self, ufunc, method, *inputs, out=(), **options):
        if method != "__call__" or len(out) > 1:
            return NotImplemented
        return _called(ufunc, inputs, options, *out)

    def __array_function__(self, function, types, arguments, options):
        if not all(issubclass(kind, Duck) for kind in types):
            return NotImplemented
        if function.__name__.endswith("_like") and not options.get("shape"):
            options = {name: option for name, option in options.items() if name != "shape"}
        if function is np.dot:
            assert all(out._values.flags.c_contiguous for out in arguments[2:]), "out is not contiguous"
        return _called(function, arguments, options)

    def __array__(self, *_, **__):
        raise TypeError("implicit conversion to a NumPy array")

    def __float__(self):
        raise TypeError("implicit conversion to a number")

    __int__ = __index__ = __bool__ = __complex__ = __float__

    def _view(self, values):
        return Duck(values, self if self.base is None else self.base)


def _called(function, arguments, options, *out):
    """What the function returns for the values: the very duck that it wrote into, or a new one."""
    ducks = {}
    arguments, options = _opened(arguments, ducks), _opened(options, ducks)
    if out:
        options["out"] = _opened(*out, ducks)
    result = function(*arguments, **options)
    return ducks[id(result)] if id(result) in ducks else Duck(result)


def _opened(argument, ducks):
    """`argument` with the values of every duck in it, which is noted; an array of NumPy is an error."""
    if isinstance(argument, (tuple, list)):
        return type(argument)(_opened(part, ducks) for part in argument)
    if isinstance(argument, dict):
        return {name: _opened(part, ducks) for name, part in argument.items()}
    if isinstance(argument, Duck):
        ducks[id(argument._values)] = argument
        return argument._values
    if isinstance(argument, np.ndarray):
        raise TypeError("an array of NumPy among others")
    return argument


def ducks(nest):
    """The nest with a duck of its own for every array."""
    return mapped(lambda array: Duck(array.copy()), nest)


def opened(nest):
    """The nest with the values of every duck, which nothing but ducks may be in it."""
    return mapped(Duck.get, nest)
