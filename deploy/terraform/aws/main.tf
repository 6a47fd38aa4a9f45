# AudioConnector Server on AWS: an Application Load Balancer with TLS, and Fargate tasks of one core behind it.
#
# NOT PROVEN: it was never applied, and no provider has checked it. The network, the certificate and the secrets are there already.
#
# Why so:
# - The load balancer leaves Host, path and query as they are, which are signed. It does not overwrite X-Forwarded-Host:
#   AUDIOHOOK_TRUST_PROXY stays false.
# - One call is one connection. No stickiness is needed.
# - The health check asks /health. ECS ends a task whose check fails: with /ready it would end one that is merely full, with all its calls.
# - When a task is replaced, the load balancer sends it no new calls, and ECS sends SIGTERM only after the deregistration delay.

terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.40"
    }
  }
}

variable "name" {
  type    = string
  default = "audioconnector"
}

variable "region" {
  type = string
}

variable "host" {
  type        = string
  description = "The public name, as Genesys calls it. Let it lead to the output load_balancer."
}

variable "image" {
  type        = string
  description = "The image of deploy/container, in a registry that the tasks can reach."
}

variable "vpc_id" {
  type = string
}

variable "public_subnet_ids" {
  type        = list(string)
  description = "Of the load balancer, in two zones at least."
}

variable "private_subnet_ids" {
  type        = list(string)
  description = "Of the tasks, with a way out to OpenAI."
}

variable "certificate_arn" {
  type        = string
  description = "A certificate of ACM for the host."
}

variable "audiohook_keys_secret_arn" {
  type        = string
  description = "A secret of Secrets Manager: the JSON text of AUDIOHOOK_API_KEYS."
}

variable "openai_key_secret_arn" {
  type        = string
  description = "A secret of Secrets Manager: the text of OPENAI_API_KEY."
}

variable "tasks" {
  type        = object({ min = number, max = number })
  default     = { min = 2, max = 10 }
  description = "Fewest and most tasks. One carries some 700 calls at most (docs/CAPACITY.md)."
}

variable "deregistration_seconds" {
  type        = number
  default     = 600
  description = "How long the calls of a task that is replaced go on before it gets SIGTERM."

  validation {
    condition     = var.deregistration_seconds >= 180 && var.deregistration_seconds <= 3600
    error_message = "It must be from 180 to 3600: below, most calls would be cut short, and AWS takes no more."
  }
}

provider "aws" {
  region = var.region
}

locals {
  port = 8080
  # Fargate waits 120 s at most after SIGTERM. Drain and goodbyes together must be 10 s shorter.
  stop_seconds  = 120
  drain_seconds = 100
  grace_seconds = 10
}

resource "aws_security_group" "load_balancer" {
  name   = "${var.name}-load-balancer"
  vpc_id = var.vpc_id

  ingress {
    description = "Genesys. Its addresses change: the signature decides."
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }

  egress {
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_security_group" "tasks" {
  name   = "${var.name}-tasks"
  vpc_id = var.vpc_id

  ingress {
    from_port       = local.port
    to_port         = local.port
    protocol        = "tcp"
    security_groups = [aws_security_group.load_balancer.id]
  }

  egress {
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_lb" "calls" {
  name               = var.name
  load_balancer_type = "application"
  subnets            = var.public_subnet_ids
  security_groups    = [aws_security_group.load_balancer.id]
  # Seconds without a byte. Genesys pings every 5 s.
  idle_timeout = 120
}

resource "aws_lb_target_group" "calls" {
  name                          = var.name
  vpc_id                        = var.vpc_id
  target_type                   = "ip"
  protocol                      = "HTTP"
  port                          = local.port
  deregistration_delay          = var.deregistration_seconds
  load_balancing_algorithm_type = "least_outstanding_requests"

  health_check {
    path                = "/health"
    matcher             = "200"
    interval            = 10
    timeout             = 5
    healthy_threshold   = 2
    unhealthy_threshold = 3
  }
}

resource "aws_lb_listener" "calls" {
  load_balancer_arn = aws_lb.calls.arn
  protocol          = "HTTPS"
  port              = 443
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  certificate_arn   = var.certificate_arn

  default_action {
    type = "fixed-response"
    fixed_response {
      content_type = "text/plain"
      status_code  = "404"
    }
  }
}

resource "aws_lb_listener_rule" "host" {
  listener_arn = aws_lb_listener.calls.arn
  priority     = 10

  condition {
    host_header {
      values = [var.host]
    }
  }

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.calls.arn
  }
}

resource "aws_cloudwatch_log_group" "calls" {
  name              = "/ecs/${var.name}"
  retention_in_days = 30
}

resource "aws_iam_role" "execution" {
  name = "${var.name}-execution"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy_attachment" "execution" {
  role       = aws_iam_role.execution.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
}

resource "aws_iam_role_policy" "secrets" {
  name = "secrets"
  role = aws_iam_role.execution.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = "secretsmanager:GetSecretValue"
      Resource = [var.audiohook_keys_secret_arn, var.openai_key_secret_arn]
    }]
  })
}

resource "aws_ecs_cluster" "calls" {
  name = var.name
}

resource "aws_ecs_task_definition" "calls" {
  family                   = var.name
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 1024
  memory                   = 2048
  execution_role_arn       = aws_iam_role.execution.arn

  container_definitions = jsonencode([{
    name                   = "audioconnector"
    image                  = var.image
    essential              = true
    stopTimeout            = local.stop_seconds
    readonlyRootFilesystem = true
    portMappings           = [{ containerPort = local.port, protocol = "tcp" }]
    ulimits                = [{ name = "nofile", softLimit = 65536, hardLimit = 65536 }]
    environment = [
      { name = "AUDIOHOOK_PATH", value = "/audiohook" },
      { name = "AUDIOHOOK_AUTHORITIES", value = var.host },
      { name = "SHUTDOWN_DRAIN_SECONDS", value = tostring(local.drain_seconds) },
      { name = "SHUTDOWN_GRACE_SECONDS", value = tostring(local.grace_seconds) },
    ]
    secrets = [
      { name = "AUDIOHOOK_API_KEYS", valueFrom = var.audiohook_keys_secret_arn },
      { name = "OPENAI_API_KEY", valueFrom = var.openai_key_secret_arn },
    ]
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        "awslogs-group"         = aws_cloudwatch_log_group.calls.name
        "awslogs-region"        = var.region
        "awslogs-stream-prefix" = "calls"
      }
    }
  }])
}

resource "aws_ecs_service" "calls" {
  name            = var.name
  cluster         = aws_ecs_cluster.calls.id
  task_definition = aws_ecs_task_definition.calls.arn
  launch_type     = "FARGATE"
  desired_count   = var.tasks.min
  # A new task is there before an old one goes.
  deployment_minimum_healthy_percent = 100
  deployment_maximum_percent         = 200
  health_check_grace_period_seconds  = 60

  network_configuration {
    subnets         = var.private_subnet_ids
    security_groups = [aws_security_group.tasks.id]
  }

  load_balancer {
    target_group_arn = aws_lb_target_group.calls.arn
    container_name   = "audioconnector"
    container_port   = local.port
  }

  lifecycle {
    ignore_changes = [desired_count]
  }

  depends_on = [aws_lb_listener_rule.host]
}

# The load balancer does not look at /ready: there must be a reserve, so that no task is ever full.
resource "aws_appautoscaling_target" "tasks" {
  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/${aws_ecs_cluster.calls.name}/${aws_ecs_service.calls.name}"
  min_capacity       = var.tasks.min
  max_capacity       = var.tasks.max
}

resource "aws_appautoscaling_policy" "cpu" {
  name               = "${var.name}-cpu"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.tasks.service_namespace
  scalable_dimension = aws_appautoscaling_target.tasks.scalable_dimension
  resource_id        = aws_appautoscaling_target.tasks.resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = 45
    scale_out_cooldown = 60
    scale_in_cooldown  = 600

    predefined_metric_specification {
      predefined_metric_type = "ECSServiceAverageCPUUtilization"
    }
  }
}

output "load_balancer" {
  value       = aws_lb.calls.dns_name
  description = "Where the name of the host must lead."
}
