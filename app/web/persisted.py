"""Automatic persisted queries (Apollo's protocol): documents that clients may name by their SHA-256 afterwards.

A client asks with the hash alone; when it is told PERSISTED_QUERY_NOT_FOUND it asks again with hash and document, which
is kept once it has passed parsing, validation and the limits. What was used longest ago is forgotten first, and what is
forgotten is asked for again, so there is nothing to look after.
"""

import re
from collections import OrderedDict
from dataclasses import replace
from hashlib import sha256
from typing import Any

from strawberry.http import GraphQLRequestData

from app.web.graphql_request import Refused

MOST_DOCUMENTS = 1000
MOST_BYTES = 8 * 1024 * 1024
_HASH = re.compile(r"[0-9a-f]{64}")


class PersistedQueries:
    """The documents that are kept, by hash."""

    def __init__(self, most_documents: int = MOST_DOCUMENTS, most_bytes: int = MOST_BYTES) -> None:
        self._most_documents = most_documents
        self._most_bytes = most_bytes
        self._documents: OrderedDict[str, str] = OrderedDict()
        self._bytes = 0

    def completed(self, request: GraphQLRequestData) -> GraphQLRequestData:
        """The request with its document. Raises Refused for one that is not known, or has another hash than is said."""
        asked = hash_of(request.extensions)
        if asked is None:
            return request
        if request.query is None:
            return replace(request, query=self._find(asked))
        if _sha256(request.query) != asked:
            raise Refused(400, "PERSISTED_QUERY_HASH_MISMATCH", "sha256Hash is not the hash of `query`")
        return request

    def keep(self, request: GraphQLRequestData) -> None:
        """Keep the document of a request that was found good, if the client wants it kept."""
        asked = hash_of(request.extensions)
        if asked is None or request.query is None:
            return
        size = len(request.query.encode())
        if asked not in self._documents and size <= self._most_bytes:
            self._documents[asked] = request.query
            self._bytes += size
        while len(self._documents) > self._most_documents or self._bytes > self._most_bytes:
            _, oldest = self._documents.popitem(last=False)
            self._bytes -= len(oldest.encode())

    def _find(self, asked: str) -> str:
        document = self._documents.get(asked)
        if document is None:
            # The words that Apollo's clients wait for, under the status they expect.
            raise Refused(200, "PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound")
        self._documents.move_to_end(asked)
        return document


def hash_of(extensions: dict[str, Any] | None) -> str | None:
    """The hash that a request names, if it does. Raises Refused for one of another protocol."""
    if not extensions or (persisted := extensions.get("persistedQuery")) is None:
        return None
    if not isinstance(persisted, dict) or persisted.get("version") != 1:
        raise Refused(400, "BAD_REQUEST", "`persistedQuery` is not {version: 1, sha256Hash}")
    asked = persisted.get("sha256Hash")
    if not isinstance(asked, str) or not _HASH.fullmatch(asked):
        raise Refused(400, "BAD_REQUEST", "`sha256Hash` is not a SHA-256 in lower-case hexadecimal")
    return asked


def _sha256(document: str) -> str:
    return sha256(document.encode()).hexdigest()
