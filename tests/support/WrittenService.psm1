#Requires -Version 7.4
<#
A service whose answers are written by the test: it signs anyone in, gives each cmdlet what was set for it, and keeps what it was asked.
#>
Set-StrictMode -Version 3.0

if (-not ('WrittenService.Service' -as [type])) {
    Add-Type -TypeDefinition @'
using System;
using System.Collections.Concurrent;
using System.IO;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Threading.Tasks;

namespace WrittenService
{
    public sealed class Service : IDisposable
    {
        private readonly TcpListener listener = new TcpListener(IPAddress.Loopback, 0);
        private readonly X509Certificate2 certificate;

        // By the name of a cmdlet: its rows, its warnings (JSON texts), what it fails with (the message of the service) and how long it takes.
        public readonly ConcurrentDictionary<string, string> Answers = new ConcurrentDictionary<string, string>();
        public readonly ConcurrentDictionary<string, string> Warnings = new ConcurrentDictionary<string, string>();
        public readonly ConcurrentDictionary<string, string> Faults = new ConcurrentDictionary<string, string>();
        public readonly ConcurrentDictionary<string, int> Delays = new ConcurrentDictionary<string, int>();
        public readonly ConcurrentQueue<string> Requests = new ConcurrentQueue<string>();

        // By the decoded address below the tenant: "200 {…}". What was read is kept, with the headers, in lines.
        public readonly ConcurrentDictionary<string, string> Entities = new ConcurrentDictionary<string, string>();
        public readonly ConcurrentQueue<string> Reads = new ConcurrentQueue<string>();

        public string CaPem { get; private set; }
        public string Address { get; private set; }

        public Service()
        {
            var from = DateTimeOffset.UtcNow.AddDays(-1);
            using (var caKey = ECDsa.Create(ECCurve.NamedCurves.nistP256))
            using (var key = ECDsa.Create(ECCurve.NamedCurves.nistP256))
            {
                var ca = new CertificateRequest("CN=Written service", caKey, HashAlgorithmName.SHA256);
                ca.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
                ca.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
                using (var root = ca.CreateSelfSigned(from, from.AddDays(3)))
                {
                    CaPem = root.ExportCertificatePem();
                    var leaf = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256);
                    var names = new SubjectAlternativeNameBuilder();
                    names.AddIpAddress(IPAddress.Loopback);
                    leaf.CertificateExtensions.Add(names.Build());
                    leaf.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
                    using (var signed = leaf.Create(root, from, from.AddDays(2), new byte[] { 1, 2, 3 }))
                    using (var own = signed.CopyWithPrivateKey(key))
                    {
#pragma warning disable SYSLIB0057
                        certificate = new X509Certificate2(own.Export(X509ContentType.Pfx));
#pragma warning restore SYSLIB0057
                    }
                }
            }

            listener.Start();
            Address = "https://127.0.0.1:" + ((IPEndPoint)listener.LocalEndpoint).Port;
            Task.Run(Accept);
        }

        public void Dispose()
        {
            listener.Stop();
            certificate.Dispose();
        }

        private async Task Accept()
        {
            while (true)
            {
                TcpClient client;
                try { client = await listener.AcceptTcpClientAsync(); }
                catch (Exception) { return; }
                var ignored = Task.Run(async () =>
                {
                    using (client)
                    {
                        client.NoDelay = true;
                        try { await Serve(client); }
                        catch (Exception) { }
                    }
                });
            }
        }

        private async Task Serve(TcpClient client)
        {
            using (var tls = new SslStream(client.GetStream()))
            {
                await tls.AuthenticateAsServerAsync(certificate);
                while (true)
                {
                    var head = new StringBuilder();
                    var one = new byte[1];
                    while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
                    {
                        if (await tls.ReadAsync(one, 0, 1) == 0) { return; }
                        head.Append((char)one[0]);
                    }

                    string[] lines = head.ToString().Split("\r\n");
                    int length = 0;
                    foreach (string line in lines)
                    {
                        if (line.StartsWith("content-length:", StringComparison.OrdinalIgnoreCase)) { length = int.Parse(line.Substring(15)); }
                    }

                    var body = new byte[length];
                    int got = 0;
                    while (got < length)
                    {
                        int n = await tls.ReadAsync(body, got, length - got);
                        if (n == 0) { return; }
                        got += n;
                    }

                    string status = "200 OK";
                    int delay = 0;
                    byte[] answer = Encoding.UTF8.GetBytes(Read(lines, ref status) ?? Answer(lines[0], Encoding.UTF8.GetString(body), ref status, ref delay));
                    if (delay > 0) { await Task.Delay(delay); }
                    byte[] reply = Encoding.ASCII.GetBytes("HTTP/1.1 " + status + "\r\nContent-Type: application/json\r\nContent-Length: " + answer.Length + "\r\n\r\n");
                    await tls.WriteAsync(reply, 0, reply.Length);
                    await tls.WriteAsync(answer, 0, answer.Length);
                    await tls.FlushAsync();
                }
            }
        }

        private string Read(string[] lines, ref string status)
        {
            string target = Uri.UnescapeDataString(lines[0].Split(' ')[1]);
            int below = target.IndexOf("/adminapi/beta/", StringComparison.Ordinal);
            if (below < 0 || !lines[0].StartsWith("GET ", StringComparison.Ordinal)) { return null; }
            target = target.Substring(target.IndexOf('/', below + 15) + 1);
            lines[0] = target;
            Reads.Enqueue(string.Join("\n", lines));
            string entity;
            if (!Entities.TryGetValue(target, out entity)) { entity = "404 {\"error\":{\"code\":\"NotFound\",\"message\":\"Nothing is written for " + target.Replace("\\", "\\\\").Replace("\"", "'") + "\"}}"; }
            status = entity.Substring(0, 3) + " Status";
            return entity.Substring(4);
        }

        private string Answer(string line, string body, ref string status, ref int delay)
        {
            string path = line.Split(' ')[1].Split('?')[0];
            if (path.EndsWith("/token", StringComparison.Ordinal))
            {
                string claims = Convert.ToBase64String(Encoding.UTF8.GetBytes("{\"tid\":\"5f0e6d4c-0000-4000-8000-000000000001\",\"upn\":\"admin@contoso.com\"}"));
                return "{\"token_type\":\"Bearer\",\"expires_in\":3600,\"access_token\":\"e30." + claims.TrimEnd('=').Replace('+', '-').Replace('/', '_') + ".x\"}";
            }

            if (path.EndsWith("/InvokeCommand", StringComparison.Ordinal))
            {
                Requests.Enqueue(body);
                using (JsonDocument request = JsonDocument.Parse(body))
                {
                    string name = request.RootElement.GetProperty("CmdletInput").GetProperty("CmdletName").GetString();
                    Delays.TryGetValue(name, out delay);
                    string warnings;
                    if (!Warnings.TryGetValue(name, out warnings)) { warnings = string.Empty; }
                    string fault;
                    if (Faults.TryGetValue(name, out fault))
                    {
                        // The status is that of the first digits: "404 Ex6F9304|…".
                        status = fault.Substring(0, 3) + " Fault";
                        return "{\"error\":{\"code\":\"Fault\",\"message\":\"Error executing cmdlet\",\"details\":[{\"code\":\"Client\",\"target\":\"\",\"message\":"
                            + JsonSerializer.Serialize(fault.Substring(4)) + "}],\"@adminapi.warnings\":[" + warnings + "]}}";
                    }

                    string rows;
                    return "{\"@adminapi.warnings\":[" + warnings + "],\"value\":[" + (Answers.TryGetValue(name, out rows) ? rows : string.Empty) + "]}";
                }
            }

            return "{\"value\":[]}";
        }
    }
}
'@
}

<#
.SYNOPSIS
Starts a service and makes this process trust it.
#>
function Start-WrittenService {
    [CmdletBinding()]
    param()

    $service = [WrittenService.Service]::new()
    $caFile = Join-Path ([IO.Path]::GetTempPath()) "exors-written-$([guid]::NewGuid().ToString('N')).pem"
    Set-Content -LiteralPath $caFile -Value $service.CaPem
    $service | Add-Member -NotePropertyMembers @{ CaFile = $caFile; Earlier = $env:SSL_CERT_FILE }
    $env:SSL_CERT_FILE = $caFile
    $service
}

<#
.SYNOPSIS
Stops a service and undoes what starting it did to this process.
#>
function Stop-WrittenService {
    [CmdletBinding()]
    param($Service)

    # AfterAll also runs when starting failed.
    if (-not $Service) { return }
    $Service.Dispose()
    $env:SSL_CERT_FILE = $Service.Earlier
    Remove-Item -LiteralPath $Service.CaFile -ErrorAction Ignore
}

<#
.SYNOPSIS
Connects to a service.
#>
function Connect-WrittenService {
    [CmdletBinding()]
    param([Parameter(Mandatory)] $Service, [hashtable] $Parameters = @{})

    $credential = [pscredential]::new('admin@contoso.com', (ConvertTo-SecureString 'p' -AsPlainText -Force))
    Connect-ExchangeOnline -ConnectionUri $Service.Address -AzureADAuthorizationEndpointUri "$($Service.Address)/organizations" -Credential $credential -ShowBanner:$false @Parameters
}

<#
.SYNOPSIS
What a service was asked while a script ran: the cmdlets and their parameters, as hashtables.
#>
function Get-SentCommand {
    [CmdletBinding()]
    param([Parameter(Mandatory)] $Service, [Parameter(Mandatory)] [scriptblock] $Script)

    $Service.Requests.Clear()
    $null = & $Script
    $request = $null
    while ($Service.Requests.TryDequeue([ref]$request)) { ($request | ConvertFrom-Json -AsHashtable).CmdletInput }
}

<#
.SYNOPSIS
What a service was asked to read while a script ran: the address below the tenant, and the headers.
#>
function Get-ReadEntity {
    [CmdletBinding()]
    param([Parameter(Mandatory)] $Service, [Parameter(Mandatory)] [scriptblock] $Script)

    $Service.Reads.Clear()
    $null = & $Script
    $read = $null
    while ($Service.Reads.TryDequeue([ref]$read)) {
        $lines = $read -split "`n"
        $headers = @{}
        foreach ($line in $lines | Select-Object -Skip 1) {
            $name, $value = $line -split ':\s*', 2
            if ($value) { $headers[$name] = $value }
        }
        [pscustomobject]@{ Address = $lines[0]; Headers = $headers }
    }
}

Export-ModuleMember -Function Start-WrittenService, Stop-WrittenService, Connect-WrittenService, Get-SentCommand, Get-ReadEntity
