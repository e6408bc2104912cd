"""Operations on tags."""

from typing import Any, Final

from personalize_assets.core.arns import Kind
from personalize_assets.core.names import MAX_TAGS
from personalize_assets.engine.context import RequestContext
from personalize_assets.engine.errors import TooManyTagKeys, TooManyTags
from personalize_assets.engine.operations.access import Request, atomic, check_tags, parse, require
from personalize_assets.engine.operations.registry import operation

_TAGGABLE: Final = (
    Kind.BATCH_INFERENCE_JOB,
    Kind.BATCH_SEGMENT_JOB,
    Kind.CAMPAIGN,
    Kind.DATASET,
    Kind.DATASET_GROUP,
    Kind.DATASET_IMPORT_JOB,
    Kind.DATASET_EXPORT_JOB,
    Kind.DATA_DELETION_JOB,
    Kind.EVENT_TRACKER,
    Kind.FILTER,
    Kind.RECOMMENDER,
    Kind.SOLUTION,
    Kind.SOLUTION_VERSION,
)


@operation("personalize", "TagResource")
@atomic
def tag_resource(context: RequestContext, request: Request) -> dict[str, Any]:
    """Add tags to a resource, or change the values of those it has."""
    arn = _require_taggable(context, request)
    added = check_tags(request["tags"])
    context.store.tags.put(arn, added)
    count = len(context.store.tags.get(arn))
    if count > MAX_TAGS:  # which also rolls the transaction back
        raise TooManyTags(f"A resource can have {MAX_TAGS} tags; {arn} would have {count}")
    return {}


@operation("personalize", "UntagResource")
@atomic
def untag_resource(context: RequestContext, request: Request) -> dict[str, Any]:
    """Take tags from a resource; keys that it does not have are no fault."""
    arn = _require_taggable(context, request)
    keys = request["tagKeys"]
    if len(keys) > MAX_TAGS:
        raise TooManyTagKeys(f"At most {MAX_TAGS} tag keys can be removed at once, got {len(keys)}")
    context.store.tags.remove(arn, keys)
    return {}


@operation("personalize", "ListTagsForResource")
def list_tags_for_resource(context: RequestContext, request: Request) -> dict[str, Any]:
    """Show the tags of a resource, ordered by key."""
    tags = context.store.tags.get(_require_taggable(context, request))
    return {"tags": [{"tagKey": key, "tagValue": value} for key, value in tags.items()]}


def _require_taggable(context: RequestContext, request: Request) -> str:
    arn = request["resourceArn"]
    return require(context, parse(arn, *_TAGGABLE).kind, arn).arn
