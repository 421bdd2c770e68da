"""One TensorFlow Lite model with one input and one output, through the library's C API.

The wake word packages ship the library and their models; their own classes are not used because they end the whole
process with a segmentation fault when a model is broken or has gone, and leave the number of threads to the library.
"""

import ctypes
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from roomtone.errors import EngineError

# A model is read whole into memory before the library checks it; the largest of openWakeWord's own has 1.3 MB.
MAX_MODEL_BYTES: Final = 16 * 1024**2

_IDENTIFIER: Final = slice(4, 8)  # of every TensorFlow Lite flatbuffer: b"TFL3"
_OK: Final = 0  # kTfLiteOk
_ELEMENTS: Final[dict[int, "type[Element]"]] = {1: ctypes.c_float, 3: ctypes.c_uint8, 9: ctypes.c_int8}  # TfLiteType

_POINTER: Final = ctypes.c_void_p
_INT: Final = ctypes.c_int32

Element = ctypes.c_float | ctypes.c_uint8 | ctypes.c_int8


class _Quantization(ctypes.Structure):
    _fields_ = (("scale", ctypes.c_float), ("zero_point", _INT))


# Each function of the C API that is used here: what it returns, and what it takes.
_SIGNATURES: Final[dict[str, tuple[Any, tuple[Any, ...]]]] = {
    "TfLiteModelCreate": (_POINTER, (ctypes.c_char_p, ctypes.c_size_t)),
    "TfLiteModelDelete": (None, (_POINTER,)),
    "TfLiteInterpreterOptionsCreate": (_POINTER, ()),
    "TfLiteInterpreterOptionsSetNumThreads": (None, (_POINTER, _INT)),
    "TfLiteInterpreterOptionsDelete": (None, (_POINTER,)),
    "TfLiteInterpreterCreate": (_POINTER, (_POINTER, _POINTER)),
    "TfLiteInterpreterDelete": (None, (_POINTER,)),
    "TfLiteInterpreterResizeInputTensor": (_INT, (_POINTER, _INT, ctypes.POINTER(_INT), _INT)),
    "TfLiteInterpreterAllocateTensors": (_INT, (_POINTER,)),
    "TfLiteInterpreterInvoke": (_INT, (_POINTER,)),
    "TfLiteInterpreterGetInputTensor": (_POINTER, (_POINTER, _INT)),
    "TfLiteInterpreterGetOutputTensor": (_POINTER, (_POINTER, _INT)),
    "TfLiteTensorType": (_INT, (_POINTER,)),
    "TfLiteTensorNumDims": (_INT, (_POINTER,)),
    "TfLiteTensorDim": (_INT, (_POINTER, _INT)),
    "TfLiteTensorData": (_POINTER, (_POINTER,)),
    "TfLiteTensorQuantizationParams": (_Quantization, (_POINTER,)),
}


def package_folder(package: str) -> Path:
    """The folder of an installed package, without importing it. Raises EngineError when it is not there."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise EngineError(f"the package {package} is not installed")
    return Path(spec.submodule_search_locations[0])


@cache
def library(package: str) -> ctypes.CDLL:
    """TensorFlow Lite as a wake word package ships it. Raises EngineError when it has none for this machine."""
    found = sorted((package_folder(package) / "lib").glob("*tensorflowlite_c.*"))
    if not found:
        raise EngineError(f"{package} ships no TensorFlow Lite for this machine; 64-bit Linux on x86 or ARM has one")
    try:
        lib = ctypes.CDLL(str(found[0]))
    except OSError as problem:
        raise EngineError(f"{found[0]} does not load: {problem}") from problem
    for name, (result, arguments) in _SIGNATURES.items():
        function = getattr(lib, name)
        function.restype, function.argtypes = result, arguments
    return lib


@dataclass(frozen=True, slots=True)
class Encoding:
    """How a tensor holds a real number: as it is, or quantized, as an integer near value / scale + zero_point."""

    element: type[Element]
    scale: float = 1.0
    zero_point: int = 0

    @property
    def quantized(self) -> bool:
        return self.element is not ctypes.c_float

    @property
    def limits(self) -> tuple[int, int]:
        """The least and the greatest integer that a quantized tensor holds."""
        return (-128, 127) if self.element is ctypes.c_int8 else (0, 255)

    def encode(self, value: float) -> bytes:
        """One element; a value that is out of reach becomes the nearest one that is not."""
        if not self.quantized:
            return bytes(ctypes.c_float(value))
        least, greatest = self.limits
        return bytes(self.element(min(greatest, max(least, round(value / self.scale + self.zero_point)))))


class _Tensor:
    """A tensor's memory, read and written in real numbers or in elements as it holds them."""

    def __init__(self, lib: ctypes.CDLL, pointer: int, path: Path) -> None:
        self.shape: tuple[int, ...] = tuple(
            lib.TfLiteTensorDim(pointer, axis) for axis in range(lib.TfLiteTensorNumDims(pointer))
        )
        element = _ELEMENTS.get(lib.TfLiteTensorType(pointer))
        data = lib.TfLiteTensorData(pointer)
        if element is None or not data or any(size < 1 for size in self.shape):
            raise EngineError(f"{path} has an input or output of a kind that no wake word model has")
        self.encoding = Encoding(element)
        if self.encoding.quantized:
            quantization = lib.TfLiteTensorQuantizationParams(pointer)
            if not quantization.scale > 0:
                raise EngineError(f"{path} does not say how its input or output is quantized")
            self.encoding = Encoding(element, quantization.scale, quantization.zero_point)
        self._memory = (element * math.prod(self.shape)).from_address(data)
        self._bytes = memoryview(self._memory).cast("B")
        self._values: NDArray[Any] = np.frombuffer(self._bytes, np.dtype(element)).reshape(self.shape)

    def write(self, values: NDArray[np.float32]) -> None:
        if self.encoding.quantized:
            values = np.rint(values / self.encoding.scale + self.encoding.zero_point).clip(*self.encoding.limits)
        np.copyto(self._values, values, casting="unsafe")

    def write_encoded(self, elements: bytes) -> None:
        self._bytes[:] = elements

    def read(self) -> NDArray[np.float32]:
        return (self._values.astype(np.float32) - self.encoding.zero_point) * self.encoding.scale

    def read_first(self) -> float:
        return (float(self._memory[0]) - self.encoding.zero_point) * self.encoding.scale


class TfLiteModel:
    """One model, on one thread, which is its caller's."""

    def __init__(self, lib: ctypes.CDLL, path: Path, open_shape: Sequence[int] | None = None) -> None:
        """Loads a model whole: its file may go afterwards. `open_shape` is the input's for models that leave it open.

        Raises EngineError for a file that is missing, too large, or not a model that this library can run.
        """
        self.path = path
        self._lib = lib
        self._open_shape = open_shape
        self._data = _read(path)
        self._interpreter: int | None = None
        self._model: int | None = lib.TfLiteModelCreate(self._data, len(self._data))
        if not self._model:
            raise EngineError(f"{path} is not a TensorFlow Lite model, or is damaged: bring a new copy")
        try:
            self.reset()
        except EngineError:
            self.close()
            raise
        self.input_shape = self._input.shape
        self.input_encoding = self._input.encoding
        self.output_shape = self._output.shape

    def run(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """The output (`output_shape`) for an input (`input_shape`). Raises EngineError after `close`."""
        self._check_open()
        self._input.write(values)
        self._invoke()
        return self._output.read()

    def run_encoded(self, elements: bytes) -> float:
        """The first number of the output for all elements of an input, as `input_encoding` encodes them. For small
        models that run often: around them, arrays would cost as much as the model itself. Raises EngineError after
        `close`."""
        self._check_open()
        self._input.write_encoded(elements)
        self._invoke()
        return self._output.read_first()

    def reset(self) -> None:
        """Forgets what the model keeps between calls, which takes 0.2 ms. Raises EngineError after `close`."""
        if not self._model:
            raise EngineError(f"the model {self.path} is closed")
        self._drop_interpreter()
        self._interpreter = self._new_interpreter(self._model)
        self._input = _Tensor(self._lib, self._lib.TfLiteInterpreterGetInputTensor(self._interpreter, 0), self.path)
        self._output = _Tensor(self._lib, self._lib.TfLiteInterpreterGetOutputTensor(self._interpreter, 0), self.path)

    def close(self) -> None:
        """Frees the model. Idempotent."""
        self._drop_interpreter()
        if self._model:
            self._lib.TfLiteModelDelete(self._model)
            self._model = None

    def _check_open(self) -> None:
        if self._interpreter is None:
            raise EngineError(f"the model {self.path} is closed")

    def _invoke(self) -> None:
        if self._lib.TfLiteInterpreterInvoke(self._interpreter) != _OK:
            raise EngineError(f"the model {self.path} does not run: it is damaged: bring a new copy")

    def _new_interpreter(self, model: int) -> int:
        options = self._lib.TfLiteInterpreterOptionsCreate()
        self._lib.TfLiteInterpreterOptionsSetNumThreads(options, 1)
        interpreter: int | None = self._lib.TfLiteInterpreterCreate(model, options)
        self._lib.TfLiteInterpreterOptionsDelete(options)
        if not interpreter:
            raise EngineError(f"{self.path} needs operations that this TensorFlow Lite does not have")
        if self._open_shape:
            sizes = (_INT * len(self._open_shape))(*self._open_shape)
            self._lib.TfLiteInterpreterResizeInputTensor(interpreter, 0, sizes, len(sizes))
        if self._lib.TfLiteInterpreterAllocateTensors(interpreter) != _OK:
            self._lib.TfLiteInterpreterDelete(interpreter)
            raise EngineError(f"{self.path} cannot be prepared: it is damaged: bring a new copy")
        return interpreter

    def _drop_interpreter(self) -> None:
        if self._interpreter:
            self._lib.TfLiteInterpreterDelete(self._interpreter)
            self._interpreter = None


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_MODEL_BYTES + 1)
    except OSError as problem:
        raise EngineError(f"the wake word model {path} cannot be read: {problem.strerror}") from problem
    if len(data) > MAX_MODEL_BYTES or data[_IDENTIFIER] != b"TFL3":
        raise EngineError(f"{path} is not a TensorFlow Lite model")
    return data
