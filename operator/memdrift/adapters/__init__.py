"""The adapters: one outside system each, behind the Protocols of `ports`.

Exists so that every library, protocol and failure of the outside world is translated at one place. Adapters are unaware
of each other and must not decide anything.
"""
