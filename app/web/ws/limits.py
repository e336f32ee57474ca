"""How long a WebSocket may take, beside what the settings limit. Documents are held to the same as over HTTP."""

LONGEST_OPERATION_ID = 128
# How long a message may wait for a client that does not read; then the client is dropped.
SEND_SECONDS = 10.0
# A client that does not answer a ping for this long is gone.
PING_SECONDS = 20.0
# How long what was sent may take to leave after the end; then the connection is cut.
LINGER_SECONDS = 5.0
