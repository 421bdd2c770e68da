"""A Home Assistant as the home: what it exposes to its assistants is understood, followed live, and acted on there.

settings     where it is, and who may be trusted there
connection   one websocket: authentication, requests by id, subscriptions; it knows no home
api          what goes over HTTP instead
registry     pure: the rows of its registries, and the names and areas that follow from them
states       pure: the states, as they come in pieces
intents      pure: which commands its own handlers carry out, and what they answer
view         the home as it is now: registries and states in one, always as of one moment
reader       reads the home over one connection, and knows when it must be read again
follower     stays connected, and keeps the view true
talking      its own conversation agent
engine       the `base.Home`
"""
