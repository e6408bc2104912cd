"""Files of batch jobs: reads what is asked and answered, writes titled recommendations.

`transform_batch_output` turns ``users.json.out`` into ``transformed.parquet`` (one text a user), a
tidy parquet (one row an item) and the lines that failed, and does the same for rankings and for
segments; `read_inputs` judges an input file before a job is started. Knows local files and Arrow,
no S3 and no service.
"""

from personalize_assets.core.batch_format.inputs import (
    InputFile,
    read_inputs,
    sniff_line,
    sniff_query_field,
    sniff_question,
)
from personalize_assets.core.batch_format.queries import FailedLine, QueryField, Question
from personalize_assets.core.batch_format.titles import ItemTitles, ItemTitlesError
from personalize_assets.core.batch_format.transform import (
    ResultPaths,
    TransformReport,
    transform_batch_output,
)

__all__ = [
    "FailedLine",
    "InputFile",
    "ItemTitles",
    "ItemTitlesError",
    "QueryField",
    "Question",
    "ResultPaths",
    "TransformReport",
    "read_inputs",
    "sniff_line",
    "sniff_query_field",
    "sniff_question",
    "transform_batch_output",
]
