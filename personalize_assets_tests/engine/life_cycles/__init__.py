"""A state machine over the whole life cycle of the API, against a model of its rules.

`world` and `works` are the model, which knows only the documented rules; `site` is the engine that
it is compared with; the other modules hold the rules of the machine by family.
"""
