"""The page: static files that talk to the API. They are served as they are written; there is no build step."""
