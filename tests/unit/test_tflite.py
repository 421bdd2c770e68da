import pytest

from roomtone.errors import EngineError

pytest.importorskip("pymicro_wakeword", reason="pip install 'roomtone[satellite]'")
np = pytest.importorskip("numpy")
tflite = pytest.importorskip("roomtone.ears.wake.tflite")


@pytest.fixture
def model():
    bundled = tflite.package_folder("pymicro_wakeword") / "models" / "alexa.tflite"
    model = tflite.TfLiteModel(tflite.library("pymicro_wakeword"), bundled)
    yield model
    model.close()


def test_a_model_gives_real_numbers_for_real_numbers(model):
    assert (model.input_shape, model.output_shape) == ((1, 3, 40), (1, 1))
    probability = model.run(np.zeros(model.input_shape, np.float32)).item()
    assert 0 <= probability < 0.1


def test_values_outside_the_quantized_range_are_its_limits(model):
    def first(value):
        model.reset()
        return model.run(np.full(model.input_shape, value, np.float32)).item()

    assert first(-1e9) == first(0)
    assert first(1e9) == first(26)


def test_reset_forgets_what_the_model_kept(model):
    loud, quiet = (np.full(model.input_shape, value, np.float32) for value in (20, 0))
    as_new = [model.run(loud).item() for _ in range(5)]
    model.run(quiet)
    model.reset()
    assert [model.run(loud).item() for _ in range(5)] == as_new


def test_a_closed_model_says_so(model):
    model.close()
    model.close()
    for use in (model.reset, lambda: model.run(np.zeros(model.input_shape, np.float32))):
        with pytest.raises(EngineError, match="is closed"):
            use()


def test_a_package_that_is_not_there_or_ships_no_library_is_named():
    with pytest.raises(EngineError, match="the package no_such_package is not installed"):
        tflite.package_folder("no_such_package")
    with pytest.raises(EngineError, match="json ships no TensorFlow Lite for this machine"):
        tflite.library("json")


def test_encoded_elements_mean_what_the_numbers_mean(model):
    values = np.linspace(-5, 40, 3 * 40, dtype=np.float32)
    probability = model.run(values.reshape(model.input_shape)).item()
    model.reset()
    elements = b"".join(model.input_encoding.encode(float(value)) for value in values)
    assert model.run_encoded(elements) == probability


def test_a_model_takes_no_more_and_no_fewer_elements_than_its_input_has(model):
    for elements in (119, 121):
        with pytest.raises(ValueError, match="different structure"):
            model.run_encoded(bytes(elements))


def test_a_model_that_is_not_quantized_takes_numbers_as_they_are():
    assert tflite.Encoding(tflite.ctypes.c_float).encode(0.5) == np.float32(0.5).tobytes()
