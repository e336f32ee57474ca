"""uvicorn's WebSocket protocol, with an end to every connection."""

import asyncio

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from app.web.ws.limits import LINGER_SECONDS
from app.web.ws.messages import GOING_AWAY


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """Says "going away" when the server stops, and cuts connections whose client does not take the rest."""

    def shutdown(self) -> None:
        if self.handshake_complete and not self.close_sent:
            self.queue.put_nowait({"type": "websocket.disconnect", "code": GOING_AWAY})
            self.conn.send_close(GOING_AWAY)
            self.transport.write(b"".join(self.conn.data_to_send()))
            self.close_sent = True
        super().shutdown()

    def on_task_complete(self, task: asyncio.Task[None]) -> None:
        super().on_task_complete(task)
        # Closing waits until the client has taken what is buffered, which may be never.
        self.loop.call_later(LINGER_SECONDS, self.transport.abort)
