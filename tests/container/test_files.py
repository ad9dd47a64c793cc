"""Dockerfiles, compose files, nginx's configuration, scripts: what can be said of them without running anything."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.container.conftest import HERE, ROOT

DOCKERFILES = [ROOT / "services/web/Dockerfile", ROOT / "services/nginx/Dockerfile", HERE / "stand-ins/Dockerfile"]
COMPOSE_FILES = [ROOT / "docker-compose.yml", ROOT / "docker-compose.prod.yml"]
NGINX = ROOT / "services/nginx"
REQUIREMENTS = ROOT / "services/web/requirements"
ONE_SHOT = {"migrate", "models", "people", "restore"}
REQUIRED = {"SERVER_NAME": "desk.test", "COPYDESK_VERSION": "tested", "MAIL_FROM": "Desk <desk@desk.test>"}
HEADERS_OF_THE_APPLICATION = """
import json
from copydesk.config import read_settings
from copydesk.web.app import create_app
app = create_app(read_settings({
    "COPYDESK_ENV": "production", "DATABASE_URL": "postgresql:///unused", "BASE_URL": "https://desk.test",
    "SECRET_KEY": "s" * 32, "PASSWORD_SALT": "s" * 16, "ENGINE_TOKEN": "s" * 16, "TRUSTED_PROXIES": "1",
}))
answer = app.test_client().get("/healthz", base_url="https://desk.test")
print(json.dumps(dict(answer.headers)))
"""


def tool(name: str) -> str:
    """A program of the tests' own environment, or of the machine; without it the test is skipped."""
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.exists() else shutil.which(name, path="/usr/sbin:/usr/bin:/bin:/usr/local/bin")
    if found is None:
        pytest.skip(f"{name} is not installed here.")
    return found


def run(*command, **options) -> str:
    done = subprocess.run(
        [str(word) for word in command],
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=60,
        check=False,
        **options,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.parent.name)
def test_dockerfiles_are_clean(path):
    ignored = ("--ignore", "DL3008", "--ignore", "DL3022") if path.parent == HERE / "stand-ins" else ()
    run(tool("hadolint"), "--no-color", *ignored, path)


@pytest.mark.parametrize("path", COMPOSE_FILES, ids=lambda path: path.name)
def test_compose_files_follow_the_specification(path):
    run(tool("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", path)


@pytest.mark.parametrize("path", COMPOSE_FILES, ids=lambda path: path.name)
def test_compose_files_are_understood(path, tmp_path):
    path = shutil.copy(path, tmp_path)
    (tmp_path / ".env.dev").write_bytes((ROOT / ".env.dev").read_bytes())
    run(tool("podman-compose"), "-f", path, "config", env={"PATH": "/usr/bin:/bin", **REQUIRED}, cwd=tmp_path)


@pytest.mark.parametrize("missing", sorted(REQUIRED))
def test_production_does_not_start_without(missing, tmp_path):
    path = shutil.copy(ROOT / "docker-compose.prod.yml", tmp_path)
    given = {name: value for name, value in REQUIRED.items() if name != missing}
    done = subprocess.run(
        [tool("podman-compose"), "-f", path, "config"],
        env={"PATH": "/usr/bin:/bin", **given},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode != 0
    assert f"Set {missing} in .env.prod" in done.stderr


@pytest.mark.parametrize(
    "path", [*NGINX.glob("*.sh"), *HERE.rglob("*.sh"), ROOT / "services/web/entrypoint.sh"], ids=lambda path: path.name
)
def test_scripts_are_clean(path):
    assert path.stat().st_mode & 0o111, f"{path.name} can't be executed"
    run(tool("shellcheck"), "--external-sources", "--source-path", path.parent, path)


@pytest.fixture
def nginx_configuration(tmp_path):
    """nginx's configuration as it is in the container, with a name, a certificate and an address that exist here."""
    for path in NGINX.glob("*.conf"):
        shutil.copy(path, tmp_path)
    (tmp_path / "mime.types").write_text("types { text/html html; }\n")
    (tmp_path / "server_name.conf").write_text("server_name desk.test;\n")
    text = (tmp_path / "nginx.conf").read_text()
    text = text.replace("/tmp/nginx", str(tmp_path)).replace("/etc/nginx/tls", str(tmp_path))
    text = text.replace("server web:5000", "server 127.0.0.1:5000")
    (tmp_path / "nginx.conf").write_text(text)
    return tmp_path / "nginx.conf"


def test_nginx_is_configured_safely(nginx_configuration):
    # Not hsts_header: the application sets it, nginx only for the files that it serves itself.
    run(tool("gixy"), "--skips", "hsts_header", nginx_configuration)


def test_nginx_understands_its_configuration(nginx_configuration):
    nginx, openssl = tool("nginx"), tool("openssl")
    folder = nginx_configuration.parent
    keys = ("-keyout", folder / "privkey.pem", "-out", folder / "fullchain.pem")
    run(openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=desk.test", *keys)
    text = nginx_configuration.read_text()
    if not Path("/usr/lib/nginx/modules/ngx_http_brotli_static_module.so").exists():
        text = re.sub(r".*(brotli_static_module\.so|brotli_static on);\n", "", text)
    nginx_configuration.write_text(text)
    run(nginx, "-t", "-c", nginx_configuration)


def test_nginx_sets_the_headers_of_the_application():
    """For files that nginx serves itself; pages have theirs from the application, and only from there."""
    ours = dict(re.findall(r'^add_header (\S+) "([^"]+)" always;', (NGINX / "security-headers.conf").read_text(), re.M))
    theirs = json.loads(
        run(sys.executable, "-c", HEADERS_OF_THE_APPLICATION, cwd=ROOT / "services/web").splitlines()[-1]
    )
    of_content = {"Content-Type", "Content-Length", "Cache-Control", "Vary", "X-Request-ID"}
    assert ours == {name: value for name, value in theirs.items() if name not in of_content}


def test_nginx_adds_headers_only_beside_the_whole_set():
    """`add_header` in a place hides those of the place around it."""
    text = (NGINX / "nginx.conf").read_text()
    for block in re.findall(r"location [^{]+\{[^}]*add_header[^}]*\}", text):
        assert "include security-headers.conf;" in block, block
    assert "add_header" not in (NGINX / "proxy.conf").read_text()


def test_nginx_takes_as_much_as_the_application():
    assert "client_max_body_size 4m;" in (NGINX / "nginx.conf").read_text()
    assert "MAX_CONTENT_LENGTH=4 * 1024 * 1024" in (ROOT / "services/web/copydesk/web/app.py").read_text()


def test_nginx_takes_files_where_the_application_does():
    from copydesk.web.body_limits import WITH_FILES

    text = (NGINX / "nginx.conf").read_text()
    places = re.findall(r"location ~ (\S+) \{\s+client_max_body_size (\d+)m;", text)
    assert [int(size) * 1024 * 1024 for _, size in places] == [WITH_FILES]
    pattern = re.compile(places[0][0])
    for path, raised in {
        "/documents/new": True,
        "/documents/5e0c/attachments": True,
        "/documents/5e0c/attachments/1/remove": False,
        "/documents/many": False,
        "/documents/5e0c/save": False,
    }.items():
        assert bool(pattern.search(path)) is raised, path


@pytest.mark.parametrize(("image", "forbidden"), [
    ("web", {"tensorflow", "keras", "keras-hub", "transformers", "tokenizers", "xllamacpp", "gguf", "torch"}),
    ("worker", {"tensorflow", "keras", "keras-hub", "xllamacpp", "gguf", "torch", "gunicorn"}),
    ("engine", {"tensorflow", "keras", "torch", "flask", "sqlalchemy", "psycopg2-binary", "procrastinate", "gunicorn"}),
])  # fmt: skip
def test_images_hold_what_they_need(image, forbidden):
    locked = set(re.findall(r"^([a-z0-9._-]+)(?:\[\S+\])?==", (REQUIREMENTS / f"{image}.txt").read_text(), re.M))
    assert locked
    assert not locked & forbidden
    dockerfile = DOCKERFILES[0].read_text()
    assert f"--requirement {image}.txt" in dockerfile
    assert re.search(rf"^FROM base AS {image}\nCOPY --from={image}-packages|^FROM base AS {image}\n(#.*\n|RUN.*\n)+"
                     rf"COPY --from={image}-packages", dockerfile, re.M)  # fmt: skip


def test_images_do_not_run_as_root():
    stages = DOCKERFILES[0].read_text().split("\nFROM ")
    running = [stage for stage in stages if "\nENTRYPOINT " in stage]
    assert len(running) == 4
    assert all("\nUSER 10001:10001\n" in stage for stage in running)
    assert "\nUSER 10002:10002\n" in DOCKERFILES[1].read_text()


def test_production_has_no_default_secrets(production):
    text = (ROOT / "docker-compose.prod.yml").read_text()
    for name, default in re.findall(r"\$\{(\w+):?-([^}]*)\}", text):
        assert not re.search("PASSWORD(?!S_URL)|SECRET|TOKEN|SALT|KEY", name), (name, default)
    for name, service in production["services"].items():
        for variable, value in (service.get("environment") or {}).items():
            secret = re.search("PASSWORD(?!S_URL)|SECRET|TOKEN|SALT|DATABASE_URL|SMTP_URL", variable)
            assert not secret or str(value).startswith("/run/secrets/"), (name, variable)
    assert all(set(secret) == {"file"} for secret in production["secrets"].values())
    example = (ROOT / ".env.prod.example").read_text()
    assert not re.search("PASSWORD(?!S_URL)|SECRET|TOKEN|SALT|_KEY", example)
    assert all(f"\n{name}=\n" in example for name in REQUIRED)


def test_migrate_alone_is_the_owner_of_the_database(production):
    """Each process finds its own address under the same name; migrate has all three, to make the others' log-ins."""
    found = {}
    for name, service in production["services"].items():
        secrets = [
            {"source": one, "target": one} if isinstance(one, str) else one for one in service.get("secrets", [])
        ]
        found[name] = {one["target"]: one["source"] for one in secrets if "database" in one["source"]}
    assert found == {
        "nginx": {},
        "engine": {},
        "models": {},
        "web": {"database_url": "web_database_url"},
        "worker": {"database_url": "worker_database_url"},
        "migrate": {name: name for name in ("database_url", "web_database_url", "worker_database_url")},
        "database": {"database_password": "database_password"},
        "backup": {"database_url": "database_url"},  # it reads every table
        "restore": {"database_url": "database_url"},  # and this one makes them
    }


def test_a_new_installation_has_three_roles():
    """One from before has no such lines, and goes on with the owner's address."""
    example = (ROOT / ".env.prod.example").read_text()
    text = (ROOT / "docker-compose.prod.yml").read_text()
    for process in ("web", "worker"):
        variable = f"{process.upper()}_DATABASE_URL_FILE"
        assert f"\n{variable}=./secrets/{process}_database_url.txt\n" in example
        assert f"{variable}:-./secrets/database_url.txt" in text
        assert "secrets/${process}_database_url.txt" in (ROOT / "docs/deploy.md").read_text()


def test_production_services_are_confined(production):
    for name, service in production["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert int(service["user"].split(":")[0]) > 0, name
        assert not service.keys() & {"privileged", "cap_add", "pid", "ipc", "network_mode", "devices"}, name
        assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory", "pids"}, name
        assert service["logging"]["options"].keys() == {"max-size", "max-file"}, name
        assert service["restart"] == ("on-failure:3" if name in ONE_SHOT else "unless-stopped"), name
        assert name in ONE_SHOT or "stop_grace_period" in service, name


def test_production_publishes_nginx_alone(production):
    assert [name for name, service in production["services"].items() if "ports" in service] == ["nginx"]
    outside = {name for name, network in production["networks"].items() if not (network or {}).get("internal")}
    assert outside == {"edge", "mail", "hub"}
    reach = {name: set(service["networks"]) for name, service in production["services"].items()}
    assert reach == {
        "nginx": {"edge", "front"},
        "web": {"front", "data", "model"},
        "worker": {"data", "model", "mail"},
        "engine": {"model"},
        "models": {"hub"},
        "migrate": {"data"},
        "backup": {"data"},
        "restore": {"data"},
        "database": {"data"},
    }


def test_backups_are_made_with_as_little_as_they_need(production):
    service = production["services"]["backup"]
    assert service["secrets"] == ["database_url"]
    assert service["networks"] == ["data"]
    assert [volume for volume in service["volumes"] if not volume.endswith(":ro")] == [
        "${BACKUP_DIR:-./backups}:/var/backups/copydesk"
    ]
    assert "environment" in service
    assert service["environment"] == {"BACKUP_KEEP": "${BACKUP_KEEP:-14}"}


def test_what_writes_backups_is_as_new_as_the_database(production):
    """pg_dump reads servers as new as itself, and older ones."""
    server = re.match(r"postgres:(\d+)-", production["services"]["database"]["image"])[1]
    dockerfile = DOCKERFILES[0].read_text()
    used = re.search(r"^ENV POSTGRESQL_PROGRAMS=/opt/postgresql/programs/(\d+)/bin", dockerfile, re.M)[1]
    assert f"pginstall{used}/bin/$program" in dockerfile
    assert int(used) >= int(server)


def test_development_listens_on_this_machine_only(development):
    ports = [port for service in development["services"].values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


@pytest.mark.parametrize("which", ["production", "development"])
def test_the_schema_is_brought_up_to_date_once_and_first(which, request):
    services = request.getfixturevalue(which)["services"]
    assert services["migrate"]["command"] == ["copydesk", "migrate"]
    assert services["migrate"]["depends_on"] == {"database": {"condition": "service_healthy"}}
    for name in {"web", "worker", "people"} & services.keys():
        assert services[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}, name
    entrypoint = (ROOT / "services/web/entrypoint.sh").read_text()
    assert not re.search(r"^\s*(exec )?copydesk migrate|upgrade", entrypoint, re.M)


@pytest.mark.parametrize("which", ["production", "development"])
def test_every_lasting_service_has_a_health_check(which, request):
    dockerfiles = dict.fromkeys(("web", "backup", "worker", "engine"), DOCKERFILES[0]) | {"nginx": DOCKERFILES[1]}
    for name, service in request.getfixturevalue(which)["services"].items():
        if name in ONE_SHOT:
            assert service["healthcheck"] == {"disable": True}, name
        elif name in dockerfiles:
            stages = dockerfiles[name].read_text().split("\nFROM ")
            stage = next((stage for stage in stages if f" AS {name}\n" in stage), stages[-1])
            assert "HEALTHCHECK --interval=" in stage, name
        else:
            assert service["healthcheck"]["test"][0] == "CMD", name


def test_images_are_pinned(production, development):
    images = [service["image"] for each in (production, development) for service in each["services"].values()]
    for path in DOCKERFILES[:2]:
        images += re.findall(r"^(?:FROM|ARG \w+_IMAGE=) ?([a-z][\w./-]*:[\w.-]+)", path.read_text(), re.M)
    for line in re.findall(r"^ARG \w+_IMAGE=(.*)$", DOCKERFILES[0].read_text(), re.M):
        images.append(line)
    assert all(":" in image and not image.endswith(":latest") for image in images), images


SECRET_NAME = re.compile(r"PASSWORD|SECRET|TOKEN|SALT|API_?KEY|PRIVATE|CREDENTIAL", re.IGNORECASE)


@pytest.mark.parametrize("path", DOCKERFILES[:2], ids=lambda path: path.parent.name)
def test_no_layer_of_an_image_holds_a_secret(path):
    """A layer keeps what a later one removes, and ENV and ARG stand in every image's own description."""
    text = path.read_text()
    for line in re.sub(r"\\\n", " ", text).splitlines():
        if re.match(r"(ENV|ARG|LABEL)\s", line):
            assert not SECRET_NAME.search(line), line
        if re.match(r"(COPY|ADD)\s", line):
            assert not re.search(r"(^|[\s/])(\.env|secrets|tls|acme|\.git|var)([\s/]|$)|COPY \. |ADD ", line), line
        assert not re.search(r"(curl|wget)[^|]*\|\s*(ba)?sh|chmod\s+(-R\s+)?0?777|--privileged|sudo ", line), line


@pytest.mark.parametrize("path", DOCKERFILES[:2], ids=lambda path: path.parent.name)
def test_packages_of_images_are_locked(path):
    """By hash for Python, by the lock file for Node."""
    text = path.read_text()
    assert not re.search(r"pip\S* install (?!.*--require-hashes)", text.replace("$INSTALL", "--require-hashes"))
    assert not re.search(r"\bnpm (install|i)\b", text)


@pytest.mark.parametrize("which", ["production", "development"])
def test_no_container_reaches_the_machine_below(which, request):
    """No socket of the engine, no folder of the system, nothing of the machine's own names and networks."""
    for name, service in request.getfixturevalue(which)["services"].items():
        assert not service.keys() & {"privileged", "pid", "ipc", "network_mode", "devices", "userns_mode", "cap_add"}, (
            name
        )
        for volume in service.get("volumes", []):
            source = volume["source"] if isinstance(volume, dict) else volume.partition(":")[0]
            assert "docker.sock" not in source, (name, source)
            assert source.startswith(("./", "${")) or re.fullmatch(r"[a-z-]+", source), (name, source)
            assert source not in ("./", "."), (name, source)


def test_what_production_is_given_from_outside_is_only_read(production):
    for name in ("nginx", "web", "worker", "engine", "migrate", "database"):
        for volume in production["services"][name].get("volumes", []):
            written = volume if isinstance(volume, str) else ""
            if written.startswith((".", "$")):
                assert written.endswith(":ro"), (name, written)


def test_each_process_is_given_its_own_secrets_alone(production):
    given = {
        name: {one if isinstance(one, str) else one["source"] for one in service.get("secrets", [])}
        for name, service in production["services"].items()
    }
    assert given["nginx"] == set()
    assert not given["engine"] & {"secret_key", "password_salt", "database_url", "database_password", "smtp_url"}
    assert "smtp_url" not in given["web"]
    assert all("database_password" not in names for name, names in given.items() if name != "database")


@pytest.mark.parametrize("folder", ["services/web", "services/nginx"])
def test_what_goes_into_a_build_is_listed(folder):
    """So that a file with a secret beside the sources is in no layer."""
    ignored = (ROOT / folder / ".dockerignore").read_text().splitlines()
    assert "*" in ignored
    assert not any(re.search(r"env|secret|tls|acme", line) for line in ignored if line.startswith("!"))
