"""The names of columns, in one place: what Amazon Personalize reserves and what MovieLens adds."""

from typing import Final


class Columns:
    """Column names of interactions, items and users, as Amazon Personalize spells them."""

    USER_ID: Final = "USER_ID"
    ITEM_ID: Final = "ITEM_ID"
    ACTION_ID: Final = "ACTION_ID"
    TIMESTAMP: Final = "TIMESTAMP"
    EVENT_TYPE: Final = "EVENT_TYPE"
    EVENT_VALUE: Final = "EVENT_VALUE"
    CREATION_TIMESTAMP: Final = "CREATION_TIMESTAMP"

    TITLE: Final = "TITLE"
    GENRES: Final = "GENRES"
    YEAR: Final = "YEAR"

    AGE: Final = "AGE"
    GENDER: Final = "GENDER"
    OCCUPATION: Final = "OCCUPATION"
