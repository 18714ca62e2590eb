"""A provider that costs next to nothing: the same answer to everybody, as raw bytes.

Run as a process of its own: `python upstream.py`; prints its port on stdout.
"""

from __future__ import annotations

import asyncio
import json
import sys

CHUNKS = 200


def _json(document: object) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()


def _whole(kind: str) -> bytes:
    if kind == "messages":
        return _json(
            {
                "id": "msg_1",
                "type": "message",
                "role": "assistant",
                "model": "claude-opus-4-8",
                "content": [{"type": "text", "text": "Hello there."}],
                "stop_reason": "end_turn",
                "stop_sequence": None,
                "usage": {"input_tokens": 20, "output_tokens": 5},
            }
        )
    return _json(
        {
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
    )


def _events() -> list[bytes]:
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1}
    chunks = [
        {
            **head,
            "model": "gpt-5",
            "choices": [
                {"index": 0, "delta": {"content": f" w{n}"}, "finish_reason": None}
            ],
        }
        for n in range(CHUNKS - 2)
    ]
    chunks.append(
        {
            **head,
            "model": "gpt-5",
            "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}],
        }
    )
    usage = {"prompt_tokens": 20, "completion_tokens": 198, "total_tokens": 218}
    chunks.append({**head, "model": "gpt-5", "choices": [], "usage": usage})
    events = [b"data: " + _json(chunk) + b"\n\n" for chunk in chunks]
    return [*events, b"data: [DONE]\n\n"]


def _response(body: bytes) -> bytes:
    head = (
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


ANSWERS = {kind: _response(_whole(kind)) for kind in ("chat", "messages")}
STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
    b"transfer-encoding: chunked\r\n\r\n"
)
STREAM = [b"%x\r\n%s\r\n" % (len(e), e) for e in _events()]


class Provider(asyncio.Protocol):
    """One connection; answers each request once its body has arrived."""

    def __init__(self) -> None:
        self._buffer = b""
        self._tasks: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while True:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            head = self._buffer[:end].lower()
            at = head.find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(self._buffer) < end + 4 + length:
                return
            body = self._buffer[end + 4 : end + 4 + length]
            self._buffer = self._buffer[end + 4 + length :]
            self._answer(head, body)

    def _answer(self, head: bytes, body: bytes) -> None:
        if b'"stream": true' in body or b'"stream":true' in body:
            task = asyncio.get_running_loop().create_task(self._stream())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            return
        kind = "messages" if b"/messages" in head else "chat"
        self._transport.write(ANSWERS[kind])  # type: ignore[attr-defined]

    async def _stream(self) -> None:
        # One write a chunk, each on its own turn of the loop, as providers send them.
        write = self._transport.write  # type: ignore[attr-defined]
        write(STREAM_HEAD)
        for chunk in STREAM:
            write(chunk)
            await asyncio.sleep(0)
        write(b"0\r\n\r\n")


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(
        Provider, "127.0.0.1", 0, backlog=1024
    )
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201
    await server.serve_forever()


if __name__ == "__main__":
    try:
        import uvloop

        uvloop.run(main())
    except KeyboardInterrupt:
        sys.exit(0)
