"""Our HTTP client, against sockets that answer anything."""
