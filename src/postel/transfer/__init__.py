"""Files between URLs: the verbs of the front door. (The engine for whole trees comes on top.)"""

__all__: list[str] = []
