"""What CloudFormation makes of a template for given parameters, as far as ours goes."""

import re
from collections.abc import Mapping
from typing import Any

from cfnlint.decode import cfn_yaml

_GONE = object()


def read_template(path: str) -> dict[str, Any]:
    """Read a template with its short forms (`!Ref`) written out."""
    return cfn_yaml.load(path)


class Resolved:
    """A template with its parameters.

    Args:
        template: As it was read.
        given: Parameters that do not keep their default.
        pseudo: Values of `AWS::AccountId` and the like.
        references: What `Ref` and `Fn::GetAtt` (as `Name.Attribute`) of resources give.
    """

    def __init__(
        self,
        template: Mapping[str, Any],
        given: Mapping[str, str],
        pseudo: Mapping[str, str],
        references: Mapping[str, str],
    ) -> None:
        self._template = template
        defaults = {
            name: one["Default"] for name, one in template["Parameters"].items() if "Default" in one
        }
        self._names = {**defaults, **given, **pseudo, **references}

    def resources(self) -> dict[str, dict[str, Any]]:
        """Type and properties of each resource that would be made."""
        return {
            name: {"Type": one["Type"], "Properties": self.value(one["Properties"])}
            for name, one in self._template["Resources"].items()
            if "Condition" not in one or self._holds(one["Condition"])
        }

    def outputs(self) -> dict[str, Any]:
        """Values of the outputs."""
        return {
            name: self.value(one["Value"])
            for name, one in self._template["Outputs"].items()
            if "Condition" not in one or self._holds(one["Condition"])
        }

    def value(self, node: Any) -> Any:
        """A part of the template with everything in it resolved."""
        if isinstance(node, list):
            return [one for one in map(self.value, node) if one is not _GONE]
        if not isinstance(node, Mapping):
            return node
        if len(node) == 1:
            ((name, argument),) = node.items()
            if name == "Ref":
                return _GONE if argument == "AWS::NoValue" else self._names[argument]
            if name.startswith("Fn::"):
                return self._call(name, argument)
        members = {name: self.value(one) for name, one in node.items()}
        return {name: one for name, one in members.items() if one is not _GONE}

    def _call(self, name: str, argument: Any) -> Any:
        if name == "Fn::GetAtt":
            return self._names[".".join(argument)]
        if name == "Fn::Sub":
            return re.sub(r"\$\{([^}]+)\}", lambda found: self._names[found.group(1)], argument)
        if name == "Fn::Select":
            return self.value(argument[1])[int(argument[0])]
        assert name == "Fn::If", name
        condition, yes, no = argument
        return self.value(yes if self._holds(condition) else no)

    def _holds(self, condition: str) -> bool:
        return self._judge(self._template["Conditions"][condition])

    def _judge(self, node: Mapping[str, Any]) -> bool:
        ((name, argument),) = node.items()
        if name == "Condition":
            return self._holds(argument)
        if name == "Fn::Equals":
            first, second = map(self.value, argument)
            return first == second
        if name == "Fn::Not":
            return not self._judge(argument[0])
        assert name == "Fn::Or", name
        return any(self._judge(one) for one in argument)
