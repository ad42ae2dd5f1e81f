#!/bin/bash
# awscli 2.9.19-1 (Debian 12), with python3-ruamel.yaml 0.17.21-1.
#
# `aws cloudformation package` reads a template and writes it anew, also where
# it has no artifact to upload. It reads YAML 1.2 and writes for YAML 1.2, while
# CloudFormation reads YAML 1.1. So
#   Limit: 010         becomes 10, which is 8 in YAML 1.1
#   ApiId: 0987654321  loses its zero, and is text in YAML 1.1
#   Stage: "12:30"     loses its quotes, and is then 750 in YAML 1.1
#   Stage: 1.10        becomes 1.1
# One would expect that values come out as they went in.
#
# Seen on 2026-11-30:
#   Limit: 10 / ApiId: 987654321 / Stage: 12:30 / UsagePlanName: 1.1
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir debs root
(
  cd debs
  apt-get download -qq awscli=2.9.19-1 python3-ruamel.yaml=0.17.21-1 \
    python3-ruamel.yaml.clib python3-pyasn1 python3-awscrt python3-colorama \
    python3-cryptography python3-cffi-backend python3-dateutil python3-distro \
    python3-docutils python3-jmespath python3-prompt-toolkit python3-roman \
    python3-urllib3 python3-six python3-wcwidth
)
for deb in debs/*.deb; do dpkg-deb -x "$deb" root; done

cat > template.yaml <<'END'
Resources:
  Gold:
    Type: AWS::ApiGateway::UsagePlan
    Properties:
      UsagePlanName: 1.10
      ApiStages:
        - ApiId: 0987654321
          Stage: "12:30"
      Quota: {Limit: 010, Period: MONTH}
END
export PYTHONPATH=$work/root/usr/lib/python3/dist-packages
export AWS_ACCESS_KEY_ID=none AWS_SECRET_ACCESS_KEY=none AWS_DEFAULT_REGION=us-east-1
export AWS_EC2_METADATA_DISABLED=true AWS_CONFIG_FILE=/dev/null
/usr/bin/python3 -B -c \
  'import sys, awscli, awscli.clidriver as cli; print(awscli.__version__, awscli.__file__); sys.exit(cli.main())' \
  cloudformation package --template-file template.yaml --s3-bucket none \
  --output-template-file packaged.yaml > said
grep -q "^2\.9\.19 $work/" said
cat packaged.yaml
for line in 'UsagePlanName: 1.1' '- ApiId: 987654321' 'Stage: 12:30' 'Limit: 10'; do
  grep -qE "^ *$line\$" packaged.yaml || { echo "no longer: $line" >&2; exit 1; }
done
echo "as before"
