"""The link between the two ends: Wyoming events over TLS, bounded, sans-IO at its heart."""
