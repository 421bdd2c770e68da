#!/usr/bin/env bash
# Makes a Roomtone satellite of a Raspberry Pi (64-bit Raspberry Pi OS) or any Debian machine: `install.sh --help`.
# Nothing happens before the last line, so a download that broke off does nothing.
set -euo pipefail

readonly PREFIX=/opt/roomtone               # the program, in a virtual environment
readonly SETTINGS=/etc/roomtone/satellite.yaml
readonly STATE=/var/lib/roomtone            # the pairing
readonly CACHE=/var/cache/roomtone
readonly LOG=/var/log/roomtone-install.log
readonly UNIT=/etc/systemd/system/roomtone-satellite.service
readonly COMMAND=/usr/local/bin/roomtone-satellite
readonly ACCOUNT=roomtone
readonly EXTRAS='[satellite,pyaudio]'
readonly PACKAGES=(
  ca-certificates python3 python3-venv
  gcc libc6-dev python3-dev portaudio19-dev  # PyAudio is compiled
  alsa-utils libspeexdsp1                    # levels of sound cards; echo cancellation
)
readonly EXIT_FAILED=1 EXIT_USAGE=2 EXIT_MACHINE=3

usage() {
  cat <<'HELP'
install.sh [OPTIONS]     as root, on a Raspberry Pi OS or Debian of 64 bits, Bookworm or later

Installs Roomtone's satellite, asks for its name, its area, its microphone and its wake word, which are tried, pairs it
with a server (or lets Home Assistant drive it), and starts it, now and at each boot. Run again, it upgrades the program
and keeps the settings.

What to answer, instead of being asked:
  --unattended         ask nothing; what is not given stays as it is, or has its default
  --name NAME          what people call this satellite
  --area AREA          the area it stands in, as the home calls it
  --microphone CARD    `auto`, a part of a sound card's name, or its number
  --wake-word WORD     the one word to listen for, such as hey_jarvis
  --mode MODE          who drives it: server, or home-assistant
  --allow ADDRESS      with --mode home-assistant: where Home Assistant is
  --code CODE          pair with the server whose `roomtone pair` printed it
  --host HOST          the server's address, where it cannot be found by itself
  --port PORT          and its port
  --settings FILE      begin with these settings instead of the defaults

What to do:
  --setup              ask again, on a satellite that is installed
  --from PATH          install this checkout or wheel instead of what the package index has
  --uninstall          remove the program and its account; settings and pairing stay
  --purge              with --uninstall: remove those too
  --help               print this

Each answer may also come from the environment: ROOMTONE_NAME, ROOMTONE_AREA, ROOMTONE_MICROPHONE, ROOMTONE_WAKE_WORD,
ROOMTONE_MODE, ROOMTONE_ALLOW, ROOMTONE_CODE, ROOMTONE_HOST, ROOMTONE_PORT; ROOMTONE_UNATTENDED=1 asks nothing.

Exit status: 0 done, 1 a step failed, 2 wrong options, 3 a machine that it is not for.
HELP
}

say() { printf '%s\n' "$*"; }

die() {  # STATUS MESSAGE
  local status=$1
  shift
  printf 'install.sh: %s\n' "$*" >&2
  exit "$status"
}

step() {  # DESCRIPTION REMEDY COMMAND...: what the command says is in the log
  local description=$1 remedy=$2
  shift 2
  say "$description ..."
  if ! "$@" >>"$LOG" 2>&1; then
    tail -n 15 "$LOG" >&2
    die "$EXIT_FAILED" "$description failed. $remedy The whole log is $LOG."
  fi
}

read_options() {
  name=${ROOMTONE_NAME-} area=${ROOMTONE_AREA-} microphone=${ROOMTONE_MICROPHONE-} wake_word=${ROOMTONE_WAKE_WORD-}
  mode=${ROOMTONE_MODE-} allow=${ROOMTONE_ALLOW-} code=${ROOMTONE_CODE-} host=${ROOMTONE_HOST-} port=${ROOMTONE_PORT-}
  unattended=${ROOMTONE_UNATTENDED-} settings='' setup='' from='' uninstall='' purge=''
  while (($#)); do
    case $1 in
      --unattended | --setup | --uninstall | --purge) printf -v "${1#--}" 1 ;;
      --name | --area | --microphone | --wake-word | --mode | --allow | --code | --host | --port | --settings | --from)
        (($# > 1)) || die "$EXIT_USAGE" "$1 needs a value; see --help"
        local variable=${1#--}
        printf -v "${variable//-/_}" '%s' "$2"
        shift
        ;;
      -h | --help) usage && exit ;;
      *) die "$EXIT_USAGE" "there is no option $1; see --help" ;;
    esac
    shift
  done
  [[ -z $purge || -n $uninstall ]] || die "$EXIT_USAGE" "--purge goes with --uninstall"
  [[ -z $settings || -r $settings ]] || die "$EXIT_USAGE" "--settings: there is no file $settings"
  [[ -z $from || -e $from ]] || die "$EXIT_USAGE" "--from: there is nothing at $from"
  [[ -z $from ]] || from=$(realpath "$from")
  [[ -z $settings ]] || settings=$(realpath "$settings")
}

check_machine() {
  [[ $EUID == 0 ]] || die "$EXIT_USAGE" "this needs root: sudo $0"
  [[ -n $(command -v apt-get) && -n $(command -v systemctl) ]] ||
    die "$EXIT_MACHINE" "this is no Raspberry Pi OS and no Debian; elsewhere: docs/raspberry-pi.md, by hand"
  local architecture
  architecture=$(dpkg --print-architecture)
  [[ $architecture == arm64 || $architecture == amd64 ]] ||
    die "$EXIT_MACHINE" "this system is $architecture; Roomtone needs 64 bits: write the card anew with a 64-bit system"
  [[ -n $unattended || -n $uninstall ]] || { : </dev/tty; } 2>/dev/null ||
    die "$EXIT_USAGE" "there is no terminal to ask at; give --unattended, and the answers as options"
}

install_packages() {
  local missing=() package
  for package in "${PACKAGES[@]}"; do
    dpkg-query --show --showformat='${Status}' "$package" 2>/dev/null | grep -q '^install ok installed$' ||
      missing+=("$package")
  done
  ((${#missing[@]})) || return 0
  export DEBIAN_FRONTEND=noninteractive
  step "Reading the lists of packages" "Is there a way to the internet?" apt-get update
  step "Installing packages: ${missing[*]}" "Try: apt-get --fix-broken install." \
    apt-get install --yes --no-install-recommends "${missing[@]}"
}

make_account() {
  getent passwd "$ACCOUNT" >/dev/null || step "Making the account $ACCOUNT" "" \
    useradd --system --user-group --home-dir "$STATE" --no-create-home --shell /usr/sbin/nologin "$ACCOUNT"
  usermod --append --groups audio "$ACCOUNT"
  install -d -m 700 -o "$ACCOUNT" -g "$ACCOUNT" "$STATE" "$CACHE"
  install -d -m 750 -o root -g "$ACCOUNT" "${SETTINGS%/*}"
  chown -R "$ACCOUNT:$ACCOUNT" "$STATE" "$CACHE"  # of an account that was removed and made again
}

install_program() {
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    die "$EXIT_MACHINE" "Roomtone needs Python 3.11 or newer, and this system has $(python3 --version): upgrade it to Bookworm"
  local own_version
  own_version=$("$PREFIX/bin/python" --version 2>/dev/null || true)
  [[ $own_version == "$(python3 --version)" ]] ||  # a system that was upgraded leaves an environment that does not run
    step "Making a virtual environment in $PREFIX" "" python3 -m venv --clear "$PREFIX"
  local pip=("$PREFIX/bin/python" -m pip --disable-pip-version-check install)
  step "Installing Roomtone, which takes some minutes on a Pi" "Is there a way to the internet, and room on the disk?" \
    "${pip[@]}" --upgrade "${from:-roomtone}$EXTRAS"
  [[ -z $from ]] ||  # pip finds one of the same version good enough
    step "Installing it from $from" "" "${pip[@]}" --force-reinstall --no-deps "$from"
}

as_account() {
  runuser -u "$ACCOUNT" -- env ROOMTONE_STATE="$STATE" ROOMTONE_CACHE="$CACHE" "$PREFIX/bin/roomtone" "$@"
}

write_command() {
  cat >"$COMMAND" <<EOS
#!/bin/sh
# The satellite's own commands, as its service runs: sudo roomtone-satellite pair CODE, microphones, try-wake, echo ...
cd /
exec runuser -u $ACCOUNT -- env ROOMTONE_STATE=$STATE ROOMTONE_CACHE=$CACHE \\
  $PREFIX/bin/roomtone satellite --config $SETTINGS "\$@"
EOS
  chmod 755 "$COMMAND"
}

write_settings() {
  local draft options=()
  draft=$(mktemp -d)
  # shellcheck disable=SC2064 # the folder of now
  trap "rm -rf '$draft'" EXIT
  [[ ! -f $SETTINGS ]] || cp "$SETTINGS" "$draft/satellite.yaml"
  [[ -z $settings ]] || cp "$settings" "$draft/satellite.yaml"
  chown -R "$ACCOUNT:$ACCOUNT" "$draft"
  [[ -z $name ]] || options+=(--name "$name")
  [[ -z $area ]] || options+=(--area "$area")
  [[ -z $microphone ]] || options+=(--microphone "$microphone")
  [[ -z $wake_word ]] || options+=(--wake-word "$wake_word")
  [[ -z $mode ]] || options+=(--mode "$mode")
  [[ -z $allow ]] || options+=(--allow "$allow")
  if asks; then
    as_account satellite setup "$draft/satellite.yaml" "${options[@]}" </dev/tty
  else
    as_account satellite setup "$draft/satellite.yaml" "${options[@]}" --unattended
  fi || die "$EXIT_FAILED" "the settings were not written: see above"
  install -m 640 -o root -g "$ACCOUNT" "$draft/satellite.yaml" "$SETTINGS"
}

needs_pairing() {
  [[ ! -f $STATE/satellite/credentials.json ]] && "$COMMAND" --print-config | grep -q '^mode: server$'
}

asks() { [[ -z $unattended && (-n $setup || -z $was_installed) ]]; }

pair() {
  local where=()
  [[ -z $host ]] || where+=(--host "$host")
  [[ -z $port ]] || where+=(--port "$port")
  if [[ -n $code ]]; then
    "$COMMAND" pair "$code" "${where[@]}" || die "$EXIT_FAILED" "it was not paired: see above. All else is done."
  elif asks && needs_pairing; then
    while read -rp 'Run "roomtone pair" on the server, and enter the code that it prints (nothing: later): ' code </dev/tty &&
      [[ -n $code ]]; do
      ! "$COMMAND" pair "$code" "${where[@]}" || return 0
    done
  fi
}

write_unit() {
  cat >"$UNIT" <<EOS
[Unit]
Description=Roomtone satellite: private voice control
Wants=network-online.target
After=network-online.target sound.target

[Service]
ExecStart=$PREFIX/bin/roomtone satellite --config $SETTINGS
Environment=ROOMTONE_STATE=$STATE ROOMTONE_CACHE=$CACHE
User=$ACCOUNT
SupplementaryGroups=audio
StateDirectory=${STATE##*/}
CacheDirectory=${CACHE##*/}
StateDirectoryMode=0700
CacheDirectoryMode=0700
UMask=0077
Restart=always
RestartSec=5
RestartPreventExitStatus=2
OOMScoreAdjust=-200

# It may hear, speak, and talk to the network, and nothing else.
CapabilityBoundingSet=
NoNewPrivileges=yes
DevicePolicy=closed
DeviceAllow=char-alsa rw
LockPersonality=yes
PrivateTmp=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHome=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
ProtectSystem=strict
RemoveIPC=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service

[Install]
WantedBy=multi-user.target
EOS
}

start() {
  if [[ ! -d /run/systemd/system ]]; then
    systemctl enable "${UNIT##*/}" >>"$LOG" 2>&1
    say "systemd does not run here: the satellite starts with the next boot."
    return
  fi
  systemctl daemon-reload
  systemctl enable "${UNIT##*/}" >>"$LOG" 2>&1
  step "Starting the satellite" "Why: journalctl -u ${UNIT##*/}." systemctl restart "${UNIT##*/}"
}

stop() { [[ ! -f $UNIT || ! -d /run/systemd/system ]] || systemctl stop "${UNIT##*/}"; }

report() {
  say "Done: $("$PREFIX/bin/roomtone" --version)."
  ! needs_pairing ||
    say "It is not paired yet: run \`roomtone pair\` on the server, and here: sudo ${COMMAND##*/} pair CODE"
  say "What it does: journalctl -fu ${UNIT##*/}    Its settings: $SETTINGS, then systemctl restart ${UNIT##*/}"
}

uninstall() {
  stop
  [[ ! -f $UNIT ]] || systemctl disable "${UNIT##*/}" >>"$LOG" 2>&1
  rm -rf "$UNIT" "$COMMAND" "$PREFIX" "$CACHE"
  [[ ! -d /run/systemd/system ]] || systemctl daemon-reload
  ! getent passwd "$ACCOUNT" >/dev/null || userdel "$ACCOUNT"
  if [[ -n $purge ]]; then
    rm -rf "${SETTINGS%/*}" "$STATE" "$LOG"
    say "Removed, with its settings and its pairing. Debian's packages stay."
  else
    say "Removed. Its settings in ${SETTINGS%/*} and its pairing in $STATE stay; --uninstall --purge removes them too."
  fi
}

main() {
  umask 022
  read_options "$@"
  check_machine
  cd /
  if [[ -n $uninstall ]]; then
    uninstall
    return
  fi
  was_installed=''
  [[ ! -f $UNIT ]] || was_installed=1
  install_packages
  make_account
  install_program
  write_command
  ! asks || stop  # the service holds the microphone
  write_settings
  pair
  write_unit
  start
  report
}

main "$@"
