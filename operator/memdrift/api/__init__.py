"""The two resources and the administrator's file as pydantic models: wire types, and the only source of the CRD files.

Exists so that every field has one name, one bound, one default and one description. Must not import another room, and
must not decide anything.
"""
