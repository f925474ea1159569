using System;
using System.Collections.Generic;
using System.IO;
using System.Management.Automation;
using System.Runtime.InteropServices;
using System.Text;

namespace ExchangeOnlineRs.Native;

/// <summary>The native library could not be used; the message says what was tried.</summary>
internal sealed class NativeLibraryException : Exception
{
    internal NativeLibraryException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }

    /// <summary>The id of the error, the same in every cmdlet.</summary>
    internal static string ErrorId => "NativeLibraryUnavailable";

    /// <summary>The failure as an error of PowerShell.</summary>
    internal ErrorRecord ToErrorRecord() => new(this, ErrorId, ErrorCategory.ResourceUnavailable, null);
}

/// <summary>Finds the native library by facts: the override, then the module's own folder for this system.</summary>
internal static class NativeLibraryLocator
{
    /// <summary>The environment variable that names another library, for development and packaging.</summary>
    internal const string OverrideVariable = "EXORS_NATIVE";

    internal static IntPtr Load()
    {
        var tried = new List<string>();
        string? chosen = Environment.GetEnvironmentVariable(OverrideVariable);
        if (!string.IsNullOrEmpty(chosen))
        {
            // An override that does not work is an error, not a hint: falling back would hide what is being tested.
            return TryLoad(chosen, tried) is { } handle ? handle : throw Unavailable(tried, OverrideVariable + " is set to it");
        }

        string folder = Path.GetDirectoryName(typeof(NativeLibraryLocator).Assembly.Location) ?? string.Empty;
        foreach (string rid in RuntimeIds())
        {
            if (TryLoad(Path.Combine(folder, "runtimes", rid, "native", FileName), tried) is { } handle)
            {
                return handle;
            }
        }

        throw Unavailable(tried, $"this system is {RuntimeInformation.RuntimeIdentifier}");
    }

    private static string FileName =>
        OperatingSystem.IsWindows() ? "exo_native.dll" : OperatingSystem.IsMacOS() ? "libexo_native.dylib" : "libexo_native.so";

    private static IEnumerable<string> RuntimeIds()
    {
        string architecture = RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant();
        if (OperatingSystem.IsWindows())
        {
            yield return "win-" + architecture;
        }
        else if (OperatingSystem.IsMacOS())
        {
            yield return "osx-" + architecture;
        }
        else
        {
            // A glibc library does not load on musl; the runtime's own id is the only thing that tells.
            string own = RuntimeInformation.RuntimeIdentifier;
            if (own.Contains("musl", StringComparison.Ordinal) || own.StartsWith("alpine", StringComparison.Ordinal))
            {
                yield return "linux-musl-" + architecture;
            }

            yield return "linux-" + architecture;
        }
    }

    private static IntPtr? TryLoad(string path, List<string> tried)
    {
        if (!File.Exists(path))
        {
            tried.Add(path + " (not there)");
            return null;
        }

        try
        {
            return NativeLibrary.Load(path);
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
        {
            tried.Add($"{path} ({e.Message.ReplaceLineEndings(" ").Trim()})");
            return null;
        }
    }

    private static NativeLibraryException Unavailable(List<string> tried, string why)
    {
        var text = new StringBuilder("The native library of ExchangeOnlineRs could not be loaded; ");
        text.Append(why).Append(". Tried: ").AppendJoin("; ", tried).Append('.');
        return new NativeLibraryException(text.ToString());
    }
}
