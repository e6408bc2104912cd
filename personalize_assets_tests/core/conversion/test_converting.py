"""What becomes of a parameter file, with judges that refuse what a test wants them to.

How real attributes are judged, and whether the result loads, is tested beside the command.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from personalize_assets.core.conversion import Conversion, ConversionError, Judge, convert
from personalize_assets_tests.core.conversion.files import (
    EVENTS,
    accept,
    dataset,
    example,
    field,
    file,
    notes_at,
    refuse_where,
    solution,
)


def test_convert__smallest_file() -> None:
    conversion = convert(file(), accept)

    assert conversion.attributes == {
        "name": "shop",
        "prefixes": {
            "transformed": "transformed/shop/",
            "batch_input": "batch/shop/input/",
            "batch_results": "batch/shop/results/",
        },
        "comparison": None,
        "source": {
            "type": "table",
            "prefix": "train/shop/",
            "tables": {
                "interactions": {
                    "file": "interactions.csv",
                    "columns": {n: n for n in ("USER_ID", "ITEM_ID", "TIMESTAMP")},
                }
            },
        },
        "datasets": ["interactions"],
        "solutions": [{"name": "personal", "recipe": "aws-user-personalization"}],
        "retraining": {"after_new_files": False, "timezone": "UTC"},
    }


def test_convert__takes_another_name_and_prefix() -> None:
    conversion = convert(file(), accept, name="shop-2")
    elsewhere = convert(file(), accept, raw_prefix="raw/")

    assert conversion.attributes["name"] == "shop-2"
    assert conversion.attributes["source"]["prefix"] == "train/shop/"
    assert elsewhere.attributes["source"]["prefix"] == "raw/"
    assert conversion.attributes["prefixes"]["transformed"] == "transformed/shop-2/"
    (note,) = notes_at(conversion, "datasetGroup.serviceConfig.name")
    assert (note.kind, note.value, note.reason) == ("renamed", "shop", "shop-2")


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ([], "one JSON object"),
        ({}, "no datasetGroup.serviceConfig.name"),
        (file(solutions=[]), "no solution and no recommender"),
        (file(solutions=None), "no solution and no recommender"),
    ],
)
def test_convert__refuses_what_cannot_load(config: Any, message: str) -> None:
    with pytest.raises(ConversionError, match=message):
        convert(config, accept)


def test_convert__gives_the_judges_reason_where_nothing_is_left() -> None:
    with pytest.raises(ConversionError, match="can be declared: no aws-user-personalization"):
        convert(file(), refuse_where("aws-user-personalization"))
    with pytest.raises(ConversionError, match=r"datasets\.interactions cannot .*no shop"):
        convert(file(), refuse_where("shop"))


def members(value: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any], str]]:
    """Each member of each object: its path, the object, its name."""
    if isinstance(value, dict):
        for key, one in value.items():
            place = f"{path}.{key}" if path else key
            yield place, value, key
            yield from members(one, place)
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from members(one, f"{path}[{index}]")


FREE = "algorithmHyperParameters."
"""Whose members are names of the recipe's: the judge knows them."""
PLACES = [path for path, _, _ in members(example()) if FREE not in path]


def test_convert__passes_over_nothing_in_silence() -> None:
    """Whatever member is misspelt, the report names it, or one that it lies in, or all fails."""
    silent = []
    for wanted in PLACES:
        config = example()
        holder, key = next((o, k) for path, o, k in members(config) if path == wanted)
        renamed = {f"{k}X" if k == key else k: one for k, one in holder.items()}
        holder.clear()
        holder.update(renamed)
        try:
            paths = [note.path for note in convert(config, accept).notes if note.kind == "left out"]
        except ConversionError:
            continue
        if not any(f"{wanted}X".startswith(path) for path in paths):
            silent.append(wanted)

    assert len(PLACES) > 150
    assert silent == []


@pytest.mark.parametrize("other", [None, 7, [[]]])
def test_convert__survives_other_types_everywhere(other: Any) -> None:
    for wanted in PLACES:
        config = example()
        holder, key = next((o, k) for path, o, k in members(config) if path == wanted)
        holder[key] = other
        try:
            convert(config, accept)
        except ConversionError:
            continue


def test_notes__stand_in_the_order_of_the_file_and_show_its_values() -> None:
    config = example()
    values = {path: holder[key] for path, holder, key in members(config)}
    order = list(values)

    notes = convert(config, accept).notes
    known = [note for note in notes if note.path in values]

    assert [order.index(n.path) for n in known] == sorted(order.index(n.path) for n in known)
    shown = [n for n in known if not isinstance(values[n.path], dict | list)]
    assert shown
    assert all(note.value == values[note.path] for note in shown)


# Tables


def tables_of(*fields: Mapping[str, Any], judge: Judge = accept, **group: Any) -> Conversion:
    config = file(datasets={"interactions": EVENTS, "items": dataset(*fields)})
    config["datasetGroup"]["serviceConfig"].update(group)
    return convert(config, judge)


def test_tables__types_of_columns() -> None:
    conversion = tables_of(
        field("item_id"),
        field("CREATION_TIMESTAMP", "long"),
        field("PRICE", ["null", "float"]),
        field("STOCK", ["int", "null"]),
        field("Colour", categorical=True),
        field("TITLE"),
        field("ON_SALE", "boolean"),
    )

    items = conversion.attributes["source"]["tables"]["items"]
    assert items["columns"]["ITEM_ID"] == "item_id"
    assert items["columns"]["COLOUR"] == "Colour"
    assert items["types"] == {"PRICE": "float", "STOCK": "int"}
    (note,) = notes_at(conversion, "datasets.items.schema.serviceConfig.schema.fields[6]")
    assert (note.kind, note.value) == ("changed", "ON_SALE")
    assert "excluded_columns" not in conversion.attributes["solutions"][0]


def test_tables__plain_text_is_kept_out_of_training() -> None:
    conversion = tables_of(field("ITEM_ID"), field("COLOUR", categorical=True), field("NOTE"))

    (one,) = conversion.attributes["solutions"]
    assert one["excluded_columns"] == {"items": ["NOTE"]}


def test_tables__texts_are_left_out_but_where_a_domain_reserves_them() -> None:
    fields = (field("ITEM_ID"), field("PRODUCT_DESCRIPTION", textual=True), field("PRICE", "float"))

    custom = tables_of(*fields)
    domain = tables_of(*fields, domain="ECOMMERCE")

    assert "PRODUCT_DESCRIPTION" not in custom.attributes["source"]["tables"]["items"]["columns"]
    types = domain.attributes["source"]["tables"]["items"]["types"]
    assert types["PRODUCT_DESCRIPTION"] == "text"


def test_tables__that_do_not_load_are_left_out_with_the_reason() -> None:
    conversion = tables_of(field("ITEM_ID"), judge=refuse_where("items.csv"))

    assert conversion.attributes["datasets"] == ["interactions"]
    (note,) = notes_at(conversion, "datasets.items")
    assert note.reason == "no items.csv"


def test_tables__without_schemas() -> None:
    conversion = convert(file(datasets={"interactions": {}, "users": {}}), accept)

    tables = conversion.attributes["source"]["tables"]
    assert list(tables) == ["interactions"]
    assert list(tables["interactions"]["columns"]) == ["USER_ID", "ITEM_ID", "TIMESTAMP"]
    assert notes_at(conversion, "datasets.interactions.schema")[0].kind == "changed"
    assert notes_at(conversion, "datasets.users.schema")[0].kind == "left out"


def test_tables__schemas_may_be_texts() -> None:
    written = '{"fields": [{"name": "USER_ID", "type": "string"}, {"name": "AGE", "type": "int"}]}'
    users = {"schema": {"serviceConfig": {"name": "u", "schema": written}}}
    broken = {"schema": {"serviceConfig": {"name": "u", "schema": "{"}}}

    whole = convert(file(datasets={"interactions": EVENTS, "users": users}), accept)
    partial = convert(file(datasets={"interactions": EVENTS, "users": broken}), accept)

    assert whole.attributes["source"]["tables"]["users"]["types"] == {"AGE": "int"}
    (note,) = notes_at(partial, "datasets.users.schema.serviceConfig.schema")
    assert "not JSON" in note.reason


# Solutions


def test_solutions__every_attribute() -> None:
    config = {
        "performHPO": True,
        "performAutoTraining": True,
        "eventType": "buy",
        "solutionConfig": {
            "eventValueThreshold": "0.5",
            "eventsConfig": {"eventParametersList": [{"eventType": "buy", "weight": 0.5}]},
            "algorithmHyperParameters": {"bptt": "9", "recency_mask": "True"},
            "featureTransformationParameters": {"max_user_history_length_percentile": "0.9"},
            "hpoConfig": {
                "hpoObjective": {"type": "max"},
                "hpoResourceConfig": {"maxNumberOfTrainingJobs": "4"},
                "algorithmHyperParameterRanges": {
                    "integerHyperParameterRanges": [{"name": "bptt", "minValue": 2, "maxValue": 8}],
                    "continuousHyperParameterRanges": [
                        {"name": "rate", "minValue": 0.1, "maxValue": 1.0}
                    ],
                    "categoricalHyperParameterRanges": [{"name": "mask", "values": ["True"]}],
                },
            },
            "optimizationObjective": {"itemAttribute": "PRICE", "objectiveSensitivity": "HIGH"},
            "trainingDataConfig": {"excludedDatasetColumns": {"Items": ["note"]}},
            "autoTrainingConfig": {"schedulingExpression": "rate(3 days)"},
        },
    }

    conversion = convert(file(solutions=[solution(config=config)]), accept)

    assert conversion.attributes["solutions"] == [
        {
            "name": "personal",
            "recipe": "aws-user-personalization",
            "event_type": "buy",
            "event_value_threshold": "0.5",
            "events": [{"event_type": "buy", "weight": 0.5}],
            "hyperparameters": {"bptt": "9", "recency_mask": "True"},
            "feature_transformation_parameters": {"max_user_history_length_percentile": "0.9"},
            "perform_hpo": True,
            "hpo": {
                "max_training_jobs": 4,
                "ranges": {"bptt": [2, 8], "rate": [0.1, 1], "mask": ["True"]},
            },
            "optimization_objective": {"item_attribute": "PRICE", "sensitivity": "HIGH"},
            "excluded_columns": {"items": ["NOTE"]},
            "auto_training_days": 3,
        }
    ]
    left_out = [note.path for note in conversion.notes if note.kind == "left out"]
    assert left_out == ["solutions[0].serviceConfig.solutionConfig.hpoConfig.hpoObjective"]


def test_solutions__lose_only_what_is_refused() -> None:
    parameters = {"good": "1", "bad": "2", "better": "3"}
    config = {"solutionConfig": {"algorithmHyperParameters": parameters}, "performHPO": True}

    conversion = convert(file(solutions=[solution(config=config)]), refuse_where("bad"))

    (one,) = conversion.attributes["solutions"]
    assert one["hyperparameters"] == {"good": "1", "better": "3"}
    assert one["perform_hpo"] is True
    place = "solutions[0].serviceConfig.solutionConfig.algorithmHyperParameters.bad"
    (note,) = notes_at(conversion, place)
    assert (note.value, note.reason) == ("2", "no bad")


def test_solutions__that_are_refused_take_what_belongs_to_them_along() -> None:
    old = solution("old", "aws-magic", campaigns=[{"serviceConfig": {"name": "old"}}])

    conversion = convert(file(solutions=[old, solution()]), refuse_where("aws-magic"))

    assert [one["name"] for one in conversion.attributes["solutions"]] == ["personal"]
    assert "campaigns" not in conversion.attributes
    assert notes_at(conversion, "solutions[0].serviceConfig")[0].reason == "no aws-magic"
    assert notes_at(conversion, "solutions[0].campaigns")[0].reason == "its solution is left out"


def test_solutions__names_become_short_and_differ() -> None:
    conversion = convert(file(solutions=[solution("My_Own"), solution("my-own")]), accept)

    assert [one["name"] for one in conversion.attributes["solutions"]] == ["my-own", "my-own-2"]
    (note,) = notes_at(conversion, "solutions[1].serviceConfig.name")[:1]
    assert (note.kind, note.reason) == ("renamed", "shop-my-own-2-DIGEST")


def test_solutions__names_fit_the_service_together_with_the_group() -> None:
    group = "g" * 40
    labels = ["a" * 60, "a" * 61]

    conversion = convert(file(solutions=[*map(solution, labels)]), accept, name=group)

    names = [one["name"] for one in conversion.attributes["solutions"]]
    assert names == ["a" * 22, f"{'a' * 20}-2"]
    assert [len(f"{group}-{name}") for name in names] == [63, 63]


@pytest.mark.parametrize("recipe", ["aws-hrnn", "aws-hrnn-metadata", "aws-hrnn-coldstart"])
def test_solutions__retired_recipes_have_a_successor(recipe: str) -> None:
    conversion = convert(file(solutions=[solution(recipe=recipe)]), accept)

    assert conversion.attributes["solutions"][0]["recipe"] == "aws-user-personalization"
    assert notes_at(conversion, "solutions[0].serviceConfig.recipeArn")[0].kind == "changed"
