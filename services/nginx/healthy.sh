#!/bin/bash
# Does nginx answer? bash speaks TCP itself, so that the image needs no HTTP client.
set -eu
exec 3<>/dev/tcp/127.0.0.1/8081
printf 'GET /healthy HTTP/1.0\r\nHost: localhost\r\n\r\n' >&3
read -r answer <&3
[[ $answer == *" 200 "* ]]
