"""Who may come in through the web port, and how they say who they are."""
