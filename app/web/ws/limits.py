"""How much a WebSocket may take. What holds for documents (depth, cost, tokens) holds here as over HTTP."""

# Open connections of this process; more are answered with 503 instead of a handshake.
MOST_CONNECTIONS = 500
# Operations of one connection at the same time, subscriptions included.
MOST_OPERATIONS = 50
# Larger messages close the connection with 1009. A document within the token limit is far smaller.
LARGEST_MESSAGE_BYTES = 256 * 1024
LONGEST_OPERATION_ID = 128
# From the handshake to connection_init.
INIT_SECONDS = 5.0
# How long a message may wait for a client that does not read; then the client is dropped.
SEND_SECONDS = 10.0
# A client that does not answer a ping for this long is gone.
PING_SECONDS = 20.0
# How long what was sent may take to leave after the end; then the connection is cut.
LINGER_SECONDS = 5.0
