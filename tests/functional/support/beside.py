"""What goes on in a thread beside a test, from its `with` to the end of it."""

import threading


class Beside:
    """Calls `step` again and again, `pause` seconds apart."""

    def __init__(self, pause):
        self._pause = pause
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        self._thread.join(10)

    def _run(self):
        while not self._ended.wait(self._pause):
            self.step()

    def step(self):
        raise NotImplementedError
