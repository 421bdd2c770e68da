"""`GET /voice`: a browser as a satellite, over a WebSocket."""
