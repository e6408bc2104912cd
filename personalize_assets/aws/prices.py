"""The file of prices: the one that comes with the package, or one of the user's own."""

from pathlib import Path

from personalize_assets.core.prices import Prices, PricesError, parse_prices

SHIPPED = Path(__file__).parent / "prices.toml"


def load_prices(path: str | None = None) -> Prices:
    """Read the file of prices at ``path``, or the one that comes with the package.

    Raises:
        PricesError: It is not there or says something that cannot be; the text names it.
    """
    file = SHIPPED if path is None else Path(path).expanduser()
    try:
        return parse_prices(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise PricesError(f"prices {file} cannot be read: {error.strerror}") from error
    except PricesError as error:
        raise PricesError(f"prices {file}: {error}") from error
