"""The REST API and its live events: what is told (`shapes`), what may be asked (`requests`), and who answers."""
