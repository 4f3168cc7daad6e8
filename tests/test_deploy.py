"""What `deploy/k8s` installs: valid, in step with the code, and with no more rights than needed."""

from __future__ import annotations

import importlib
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any, cast

import pytest
import yaml

from services.cli.stack.place import SERVICES, Unit, choose_ports, environment, make_secrets
from services.deal_stream.bootstrap import build_stream as deal_stream
from services.edge import names
from services.edge.topic_check import Safety, with_safety
from services.edge.topics import Topics
from services.history.bootstrap import GROUP as HISTORY
from services.history.bootstrap import SEARCHES
from services.notifier.bootstrap import GROUP as NOTIFIER
from services.payment_tracker.bootstrap import Codecs
from services.payment_tracker.bootstrap import build_stream as payment_stream
from tests.deploy_world import (
    FOLDERS,
    K8S,
    ROOT,
    SECRET,
    container,
    of_kind,
    pod,
    settings,
    settings_of,
    topics_of,
    variables,
    variables_of,
    workloads,
)
from tests.kustomize import Resource, UnknownToUsError, build, in_order

OLDEST = "1.32"  # of Kubernetes: `preStop.sleep` is on by default, volumes of a StatefulSet have a retention policy
CONSUMERS = {"deal-stream", "payment-tracker", "notifier", "history"}

READS = {
    "deal-stream": {"changes", "events", "snapshots", "definitions", "definitions_view"},
    "payment-tracker": {"payments", "payment_events", "payment_snapshots"},
    "notifier": {"effects", "definitions", "definitions_view"},
    "history": {"events", "effects", "payment_events", "definitions", "definitions_view"},
    "live-views": {"events"},
    "gateway": {"definitions", "definitions_view", "payment_events"},
}
WRITES = {
    "deal-stream": {"changes", "events", "effects", "payments", "snapshots", "dead_letters"},
    "payment-tracker": {"changes", "payments", "payment_events", "payment_snapshots", "dead_letters"},
    "notifier": {"changes", "dead_letters"},
    "history": {"changes", "definitions_view"},
    "live-views": {"dead_letters"},
    "gateway": {"changes", "payments", "definitions"},
}


@pytest.fixture(scope="module", params=FOLDERS)
def built(request: pytest.FixtureRequest) -> list[Resource]:
    """The base, then the overlay."""
    return build(K8S / request.param)


# --- built by ourselves as by the real one ---------------------------------------------------------------------


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_real_kustomize_builds_the_same(folder: str) -> None:
    """Where there is a kustomize, its answer is that of our small one, so all tests below speak of what is applied."""
    tool = shutil.which("kustomize")
    command = [tool, "build"] if tool else ["kubectl", "kustomize"]
    if not shutil.which(command[0]):
        pytest.skip("neither kustomize nor kubectl is installed")
    said = subprocess.run([*command, str(K8S / folder)], check=True, capture_output=True, text=True, timeout=60)
    assert in_order(list(yaml.safe_load_all(said.stdout))) == build(K8S / folder)


def test_a_kustomization_that_we_cannot_build_is_refused(tmp_path: Path) -> None:
    """What our small kustomize does not know must not be left out in silence."""
    (tmp_path / "kustomization.yaml").write_text("resources: []\nnamespace: a\nnamePrefix: b-\n", "utf-8")
    with pytest.raises(UnknownToUsError, match="namePrefix"):
        build(tmp_path)


def test_kubernetes_takes_every_resource_of_its_own(built: list[Resource]) -> None:
    """Names, types and required fields are those of the oldest Kubernetes that we support, nothing unknown besides."""
    validate = pytest.importorskip("kubernetes_validate").validate
    own = [
        one for one in built if re.fullmatch(r"v1|apps/v1|policy/v1|autoscaling/v2|.*\.k8s\.io/v1", one["apiVersion"])
    ]
    assert len(own) >= 25
    for one in own:
        validate(one, OLDEST, strict=True)


# --- in step with the code -------------------------------------------------------------------------------------


def test_every_service_has_one_workload_that_runs_it(built: list[Resource]) -> None:
    """A service that is added to Stagewire is added here too."""
    assert sorted(container(one)["args"][1] for one in workloads(built).values()) == sorted(SERVICES)
    assert all(container(one)["args"] == ["run", name.replace("-", "_")] for name, one in workloads(built).items())


def test_topics_are_as_declared(built: list[Resource]) -> None:
    """Partitions and configurations of services/edge/topics.py, three replicas of which two have to answer."""
    found = of_kind(built, "KafkaTopic")
    declared = {topic.name: with_safety(topic, Safety.on(3)) for topic in topics_of(built).declared()}
    assert found.keys() == declared.keys()
    for name, topic in declared.items():
        spec = {"partitions": topic.partitions, "replicas": 3, "config": dict(topic.config)}
        assert found[name]["spec"] == spec, name
        assert found[name]["apiVersion"] == "kafka.strimzi.io/v1"


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_can_be_started_with_what_its_pod_is_told(
    built: list[Resource], service: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every setting is valid, none that is needed is missing, and the files it names are mounted."""
    workload = workloads(built)[service.replace("_", "-")]
    mounts = [one["mountPath"] for one in container(workload)["volumeMounts"]]
    for name, value in variables(built, workload).items():
        if name.endswith("FILE"):
            assert str(PurePosixPath(value).parent) in mounts
            (tmp_path / name).write_text("x", "utf-8")
        monkeypatch.setenv(name, str(tmp_path / name) if name.endswith("FILE") else value)
    read = {str(kind.model_config["env_prefix"]): kind() for kind in settings_of(service)}
    told = read[f"STAGEWIRE_{service.upper()}_"].model_dump()
    ports = {one["name"]: one["containerPort"] for one in container(workload)["ports"]}
    assert told["health_port"] == ports["health"]
    assert told.get("port") == ports.get("http")
    assert told.get("host", "0.0.0.0") == "0.0.0.0"


@pytest.mark.parametrize("service", SERVICES)
def test_a_pod_is_told_nothing_that_its_service_does_not_read(built: list[Resource], service: str) -> None:
    """A mistyped name would be a default in silence."""
    workload = workloads(built)[service.replace("_", "-")]
    told = {one["name"] for one in container(workload)["env"]}
    assert told <= set(variables_of(settings_of(service)))


def test_what_all_pods_are_told_is_read_by_some_service(built: list[Resource]) -> None:
    """The same for the settings that all share."""
    known = {name for service in SERVICES for name in variables_of(settings_of(service))}
    assert settings(built).keys() <= known | {"STAGEWIRE_HOME"}


@pytest.mark.parametrize("service", SERVICES)
def test_nothing_is_left_to_the_defaults_of_one_machine(built: list[Resource], service: str, tmp_path: Path) -> None:
    """`stagewire run` fills in what a local run needs; in a cluster each of these has to be said."""
    units = [Unit(f"{service}-1" if service == "deal_stream" else service, service)]
    make_secrets(tmp_path)
    choose_ports(tmp_path, [*units, Unit("live_views", "live_views")])
    own = set(variables_of(settings_of(service)))
    filled_in = {name for name in environment(tmp_path, units[0]) if name in own | {"STAGEWIRE_HOME"}}
    assert "STAGEWIRE_HOME" in filled_in
    assert filled_in <= variables(built, workloads(built)[service.replace("_", "-")]).keys()


def test_members_of_a_group_are_known_by_the_names_of_their_pods(built: list[Resource]) -> None:
    """Static membership needs a name of its own for each replica that a restart keeps."""
    for name in CONSUMERS:
        told = {one["name"]: one for one in container(workloads(built)[name])["env"]}
        by = told[f"STAGEWIRE_{name.replace('-', '_').upper()}_INSTANCE_ID"]["valueFrom"]
        assert by == {"fieldRef": {"fieldPath": "metadata.name"}}
        assert workloads(built)[name]["kind"] == "StatefulSet"


def test_local_state_is_kept_on_a_volume_of_each_pod(built: list[Resource]) -> None:
    """The two with a store write it below their claim."""
    for name in ("deal-stream", "payment-tracker"):
        workload = workloads(built)[name]
        (claim,) = workload["spec"]["volumeClaimTemplates"]
        (mount,) = [one for one in container(workload)["volumeMounts"] if one["name"] == claim["metadata"]["name"]]
        told = variables(built, workload)[f"STAGEWIRE_{name.replace('-', '_').upper()}_DATA_DIR"]
        assert PurePosixPath(told).is_relative_to(mount["mountPath"])


def test_alerts_ask_for_metrics_that_exist() -> None:
    """A renamed metric would silence its alert."""
    (rule,) = of_kind(build(K8S / "overlays/production"), "PrometheusRule").values()
    asked = {
        name
        for group in rule["spec"]["groups"]
        for one in group["rules"]
        for name in re.findall(r"stagewire_\w+", one["expr"])
    }
    history = importlib.import_module("services.history.metrics")
    exported = {value for module in (names, history) for value in vars(module).values() if isinstance(value, str)}
    assert asked
    assert asked <= exported


# --- rights ----------------------------------------------------------------------------------------------------


def _acls(user: Resource) -> set[tuple[str, str, str, str]]:
    rules = user["spec"]["authorization"]["acls"]
    return {
        (rule["resource"]["type"], rule["resource"]["name"], rule["resource"]["patternType"], operation)
        for rule in rules
        for operation in rule["operations"]
    }


def _groups(topics: Topics) -> Mapping[str, str]:
    engine = deal_stream(topics, [SECRET.encode()], cast("Any", None), "0")
    payments = payment_stream(topics, Codecs.of([SECRET.encode()]), cast("Any", None), "0")
    return {"deal-stream": engine.name, "payment-tracker": payments.name, "notifier": NOTIFIER, "history": HISTORY}


def test_each_service_may_do_on_kafka_what_it_does_and_no_more(built: list[Resource]) -> None:
    """Topics by name, its own group, and transactional ids with its own prefix; nothing on the cluster."""
    topics, users = topics_of(built), of_kind(built, "KafkaUser")
    assert users.keys() == workloads(built).keys()
    for name, user in users.items():
        expected = {("topic", getattr(topics, topic), "literal", "Read") for topic in READS[name]}
        expected |= {("topic", getattr(topics, topic), "literal", "Write") for topic in WRITES[name]}
        if group := _groups(topics).get(name):
            expected.add(("group", group, "literal", "Read"))
        expected |= _special(name, topics)
        assert _acls(user) == expected, name
        assert user["spec"]["authentication"] == {"type": "scram-sha-512"}


def _special(name: str, topics: Topics) -> set[tuple[str, str, str, str]]:
    """Transactional ids, and the groups of live views, which are new ones at each start."""
    if name == "live-views":
        return {("group", f"{topics.prefix}live_views-", "prefix", "Read")}
    if name == "gateway":
        return {("transactionalId", topics.definitions_writer, "literal", "Write")}
    if name == "history":
        searches = ("group", f"{topics.prefix}{SEARCHES}", "literal", "Read")
        return {("transactionalId", f"{topics.prefix}{name}-definitions-", "prefix", "Write"), searches}
    transactional = name in ("deal-stream", "payment-tracker")
    return {("transactionalId", f"{_groups(topics)[name]}-", "prefix", "Write")} if transactional else set()


def test_a_pod_speaks_to_kafka_as_its_own_user(built: list[Resource]) -> None:
    """Name and password are those of the service's user, whose rights are the least."""
    for name, workload in workloads(built).items():
        assert variables(built, workload)["KAFKA_SASL_USERNAME"] == name
        (secret,) = [one["secret"] for one in pod(workload)["volumes"] if one["name"] == "kafka-user"]
        assert secret["secretName"] == name


def test_pods_run_with_the_least(built: list[Resource]) -> None:
    """No root, nothing to write but volumes, no capabilities, no account, and no variables from other services."""
    for name, workload in workloads(built).items():
        spec, only = pod(workload), container(workload)
        assert (
            spec["securityContext"].items()
            >= {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}.items()
        ), name
        assert only["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert (spec["automountServiceAccountToken"], spec["enableServiceLinks"]) == (False, False)
        assert "memory" in only["resources"]["limits"]
        assert only["resources"]["requests"].keys() >= {"cpu", "memory", "ephemeral-storage"}
        written = {one["mountPath"] for one in only["volumeMounts"] if not one.get("readOnly")}
        assert written == {"/var/lib/stagewire", "/tmp"}
        assert only["workingDir"] == "/var/lib/stagewire"


def test_no_manifest_holds_a_secret(built: list[Resource]) -> None:
    """Secrets come by reference: from a key of a Secret, or from a file."""
    assert not of_kind(built, "Secret")
    for workload in workloads(built).values():
        for one in container(workload)["env"]:
            if re.search(r"SECRETS?$|PASSWORD$|TOKEN$|DATABASE_URL$", one["name"]):
                assert "secretKeyRef" in one["valueFrom"], one["name"]
    assert not [name for name in settings(built) if re.search(r"SECRET|PASSWORD$|TOKEN", name)]


def test_images_are_of_a_named_release(built: list[Resource]) -> None:
    """`latest` is another program tomorrow."""
    for workload in workloads(built).values():
        assert re.search(r":\d+\.\d+\.\d+$|@sha256:", container(workload)["image"])


def test_nothing_is_reached_but_what_is_named(built: list[Resource]) -> None:
    """All is denied in both directions; every other policy names its ports, and public addresses are for mail alone."""
    policies = of_kind(built, "NetworkPolicy")
    assert policies.pop("default-deny")["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    for name, policy in policies.items():
        rules = [*policy["spec"].get("ingress", ()), *policy["spec"].get("egress", ())]
        assert policy["spec"]["podSelector"]
        assert all(rule["ports"] and (rule.get("to") or rule.get("from")) for rule in rules), name
        public = [peer for rule in rules for peer in rule.get("to", ()) if "ipBlock" in peer]
        assert not public or name in ("notifier-mail", "files")


# --- life ------------------------------------------------------------------------------------------------------


def test_pods_are_probed_and_given_time_to_end(built: list[Resource]) -> None:
    """The health port answers all three probes; 45 s are more than any service takes to stop."""
    for name, workload in workloads(built).items():
        only = container(workload)
        asked = {probe: only[probe]["httpGet"] for probe in ("startupProbe", "livenessProbe", "readinessProbe")}
        assert asked["livenessProbe"] == asked["startupProbe"] == {"path": "/livez", "port": "health"}
        assert asked["readinessProbe"] == {"path": "/readyz", "port": "health"}
        assert pod(workload)["terminationGracePeriodSeconds"] == 45
        budget = of_kind(built, "PodDisruptionBudget")[name]["spec"]
        assert budget["maxUnavailable"] == 1
        assert budget["selector"] == workload["spec"]["selector"]


def test_selectors_find_the_pods_they_mean(built: list[Resource]) -> None:
    """A Service, a budget or a policy that selects nothing would not be noticed."""
    labels = [one["spec"]["template"]["metadata"]["labels"] for one in workloads(built).values()]
    for one in built:
        if one["kind"] == "Service":
            assert sum(one["spec"]["selector"].items() <= each.items() for each in labels) == 1
        wanted = one["spec"].get("podSelector", {}).get("matchLabels", {}) if one["kind"] == "NetworkPolicy" else {}
        assert any(wanted.items() <= each.items() for each in labels)


def test_the_gateway_finds_the_views(built: list[Resource]) -> None:
    """Its address of live views is that of their Service."""
    url = variables(built, workloads(built)["gateway"])["STAGEWIRE_GATEWAY_LIVE_VIEWS_URL"]
    (port,) = of_kind(built, "Service")["live-views"]["spec"]["ports"]
    assert url == f"http://live-views:{port['port']}"
    views = variables(built, workloads(built)["live-views"])
    assert views["STAGEWIRE_LIVE_VIEWS_PORT"] == str(port["port"])


def test_workers_follow_the_lag_of_their_own_group_and_topic() -> None:
    """Never more than partitions, never for a lag that does not move, and slowly down again."""
    built = build(K8S / "overlays/production")
    topics = topics_of(built)
    inboxes = {
        "deal-stream": topics.changes,
        "payment-tracker": topics.payments,
        "notifier": topics.effects,
        "history": topics.events,
    }
    scaled = of_kind(built, "ScaledObject")
    assert scaled.keys() == CONSUMERS
    for name, one in scaled.items():
        (trigger,) = one["spec"]["triggers"]
        said = trigger["metadata"]
        assert (said["topic"], said["consumerGroup"]) == (inboxes[name], _groups(topics)[name])
        assert (said["excludePersistentLag"], said["limitToPartitionsWithLag"]) == ("true", "true")
        assert said["version"] >= "2.1", "brokers since 4.0 refuse older protocols, and KEDA's default is older"
        assert 2 <= one["spec"]["minReplicaCount"] <= one["spec"]["maxReplicaCount"] <= topics.partitions
        down = one["spec"]["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]["scaleDown"]
        assert down["stabilizationWindowSeconds"] >= 600
        assert "replicas" not in workloads(built)[name]["spec"], "kubectl apply would put the number back"
        assert of_kind(built, "TriggerAuthentication")[trigger["authenticationRef"]["name"]]


def test_the_image_is_built_from_pinned_packages_and_runs_as_nobody() -> None:
    """Every package by hash, a numeric user as `runAsNonRoot` wants it, and the user that the pods name."""
    text = (ROOT / "deploy" / "Containerfile").read_text("utf-8")
    installs = [line for line in text.replace("\\\n", " ").splitlines() if "pip install" in line]
    assert installs
    assert all("--require-hashes" in line or "--no-deps" in line for line in installs)
    (user,) = re.findall(r"^USER (\d+):\d+$", text, re.MULTILINE)
    assert all(str(pod(one)["securityContext"]["runAsUser"]) == user for one in workloads(build(K8S / "base")).values())
    copied = [name for line in re.findall(r"^COPY (?!--from)(.*) \S+$", text, re.MULTILINE) for name in line.split()]
    assert copied
    assert all((ROOT / name).exists() or name == "README.md" for name in copied)
