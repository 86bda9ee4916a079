"""The HTTP/1.1 client of scenarios: requests' vocabulary, one poll for all connections, every request recorded."""
