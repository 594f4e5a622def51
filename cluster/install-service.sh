#!/bin/bash
# Template's file: updates replace it. Changes for one run: `systemctl --user edit PROJECT@NAME`.
#
#     cluster/install-service.sh NAME
#
# lets the run NAME, which exists, be started again after every reboot, until it is finished.
set -eu
cd "$(dirname "$0")/.."
name=${1:?which run? cluster/install-service.sh NAME}
if [ ! -f "runs/$name/config.yaml" ]; then
    echo "runs/$name is no run: start it first, by main.py --name $name" >&2
    exit 2
fi
case $PWD:$name in
    *[!A-Za-z0-9._/:-]* | *:*/*) # systemd gives such letters a meaning
        echo "$PWD, run $name: letters, digits and . _ - only, and no / in the run's name" >&2
        exit 2
        ;;
esac
unit=$(basename "$PWD")@ # a unit a project: two projects may have runs of one name
units=${XDG_CONFIG_HOME:-$HOME/.config}/systemd/user
mkdir -p "$units"
sed "s|PROJECT|$PWD|g" cluster/experiment@.service >"$units/$unit.service"
systemctl --user daemon-reload
systemctl --user enable "$unit$name"
loginctl enable-linger || echo "it starts with your next login, not with the machine"
echo "runs/$name goes on after a reboot; to end that: systemctl --user disable $unit$name"
