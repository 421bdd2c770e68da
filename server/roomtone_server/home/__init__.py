"""The thing with areas, entities, states and services: behind `base.Home`."""
