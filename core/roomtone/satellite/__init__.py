"""What a satellite does next, pure: on the device itself, or in the server for one that has but a microphone and a
speaker, such as a browser.
"""
