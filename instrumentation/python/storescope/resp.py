"""Finds the commands in what a Redis client sends (RESP: arrays of bulk strings), however it is cut into pieces."""

# A command's head is looked at as a whole; what is longer than this before the name ends is no command.
_MOST_HEAD = 1024


class Commands:
    """The commands in one connection's write stream. `feed` gives those that end in a piece, as (start, end, name)."""

    def __init__(self, offset):
        self._at = offset
        self._pending = b""  # of a head that is not whole yet
        self._start = offset
        self._left = 0  # strings that the command still has
        self._skip = 0  # bytes of the string at hand, its line end included
        self._name = None
        self.is_lost = False  # something else than commands was sent

    def feed(self, piece):
        found = []
        data = self._pending + bytes(piece)
        offset = self._at - len(self._pending)
        self._at += len(piece)
        self._pending = b""
        i = 0
        while i < len(data) and not self.is_lost:
            if self._skip > 0:
                step = min(self._skip, len(data) - i)
                self._skip -= step
                i += step
                if self._skip == 0 and self._left == 0:
                    found.append((self._start, offset + i, self._name or ""))
                    self._name = None
                continue
            end = data.find(b"\r\n", i)
            if end < 0:
                self._wait(data[i:])
                break
            head = data[i:end]
            try:
                count = int(head[1:])
            except ValueError:
                count = -1
            if self._left == 0:
                self.is_lost = head[:1] != b"*" or count < 1
                self._start = offset + i
                self._left = count
            else:
                self.is_lost = head[:1] != b"$" or count < 0
                if self._name is None and not self.is_lost:
                    if len(data) < end + 2 + count:
                        if count > _MOST_HEAD:
                            self.is_lost = True
                        else:
                            self._wait(data[i:])
                        break
                    self._name = data[end + 2 : end + 2 + count].decode("ascii", "replace").lower()
                self._left -= 1
                self._skip = count + 2
            i = end + 2
        return [] if self.is_lost else found

    def _wait(self, rest):
        self._pending = rest
        self.is_lost = len(rest) > _MOST_HEAD
