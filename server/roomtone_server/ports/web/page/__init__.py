"""The page: static files that talk to the API. There is no build step: see docs/page.md."""
