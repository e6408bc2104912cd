"""The doctor: everything that the first paid call needs, looked at before it.

Judging is pure, a module a subject: what was answered goes in, a ``Finding`` comes out. ``answers``
does the asking, and ``examination`` binds the two. Nothing here changes anything in the account.
"""
