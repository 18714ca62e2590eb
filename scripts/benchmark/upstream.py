"""A provider that costs next to nothing: the same answers to everybody, as raw bytes.

Run as a process of its own: `python upstream.py`; prints its port on stdout. A
request may say `x-bench-events: N` and `x-bench-pause-ms: N`: how many events its
stream has, and how long to wait between two of them (0 is one turn of the loop).
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from typing import cast

EVENTS = 100


def _json(document: object) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()


MESSAGE = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-opus-4-8",
    "content": [{"type": "text", "text": "Hello there."}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 20, "output_tokens": 5},
}
COMPLETION = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "gpt-5",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "Hello there."},
            "finish_reason": "stop",
        }
    ],
    "usage": {"prompt_tokens": 20, "completion_tokens": 5, "total_tokens": 25},
}
CHUNK = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1}


def _event(**members: object) -> bytes:
    return b"data: " + _json({**CHUNK, "model": "gpt-5", **members}) + b"\n\n"


def _delta(delta: dict[str, str], finish: str | None = None) -> bytes:
    return _event(choices=[{"index": 0, "delta": delta, "finish_reason": finish}])


def _events(count: int) -> list[bytes]:
    """Return `count` events, the last of them [DONE]."""
    usage = {
        "prompt_tokens": 20,
        "completion_tokens": count,
        "total_tokens": 20 + count,
    }
    ending = [
        _delta({}, "stop"),
        _event(choices=[], usage=usage),
        b"data: [DONE]\n\n",
    ]
    words = [_delta({"content": f" word{n}"}) for n in range(count - len(ending))]
    return [*words, *ending]


def _whole(document: object) -> bytes:
    body = _json(document)
    head = (
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


ANSWERS = {False: _whole(COMPLETION), True: _whole(MESSAGE)}
STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
    b"transfer-encoding: chunked\r\n\r\n"
)
_streams: dict[int, list[bytes]] = {}
_running: set[asyncio.Task[None]] = set()


def _chunks(count: int) -> list[bytes]:
    if count not in _streams:
        _streams[count] = [b"%x\r\n%s\r\n" % (len(e), e) for e in _events(count)]
    return _streams[count]


def _number(head: bytes, name: bytes, default: int) -> int:
    at = head.find(name + b":")
    if at < 0:
        return default
    return int(head[at + len(name) + 1 :].split(b"\r\n", 1)[0])


def _asked(head: bytes, body: bytes, name: bytes, default: int) -> int:
    """Return a number of the head, or of the text: a translation keeps no headers."""
    found = re.search(name + rb": (\d+)", body)
    return _number(head, name, default) if found is None else int(found[1])


class Provider(asyncio.Protocol):
    """One connection; answers each request once its body has arrived."""

    def __init__(self) -> None:
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no subclass of it.
        self._transport = cast("asyncio.WriteTransport", transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while True:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            head = self._buffer[:end].lower()
            whole = end + 4 + _number(head, b"content-length", 0)
            if len(self._buffer) < whole:
                return
            body = self._buffer[end + 4 : whole]
            self._buffer = self._buffer[whole:]
            self._answer(head, body)

    def _answer(self, head: bytes, body: bytes) -> None:
        if head.startswith(b"head "):
            self._transport.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
            return
        if b'"stream":true' not in body:
            self._transport.write(ANSWERS[b"/messages" in head])
            return
        pause = _asked(head, body, b"x-bench-pause-ms", 0) / 1000
        count = _asked(head, body, b"x-bench-events", EVENTS)
        stream = self._stream(_chunks(count), pause)
        task = asyncio.get_running_loop().create_task(stream)
        _running.add(task)
        task.add_done_callback(_running.discard)

    async def _stream(self, chunks: list[bytes], pause: float) -> None:
        # One write an event, each on its own turn of the loop, as providers do.
        write = self._transport.write
        write(STREAM_HEAD)
        for chunk in chunks:
            if self._transport.is_closing():
                return
            write(chunk)
            await asyncio.sleep(pause)
        write(b"0\r\n\r\n")


async def main() -> None:
    """Serve until killed."""
    server = await asyncio.get_running_loop().create_server(
        Provider, "127.0.0.1", 0, backlog=1024
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    if sys.platform == "win32":
        asyncio.run(main())
    else:
        import uvloop

        uvloop.run(main())
