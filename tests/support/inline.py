"""An executor without a thread, for virtual time: what is handed to it has run when `submit` returns."""

from concurrent.futures import Executor, Future


class InlineExecutor(Executor):
    def submit(self, fn, /, *args, **kwargs):
        future = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as problem:  # noqa: BLE001 - the future carries it to whoever awaits
            future.set_exception(problem)
        return future
